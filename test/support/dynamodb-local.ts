/**
 * DynamoDBLocal: the engine that AWS publishes for tests, in a process of its own. Its jars are copied once into
 * .cache/dynamodb-local from the repository that Maven is set up for (51 MB, about 10 s).
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LocalDynamo } from '../../local/dynalite.ts';

const ROOT = join(import.meta.dirname, '../..');
const JARS = join(ROOT, '.cache/dynamodb-local');
const POM = join(ROOT, 'tools/dynamodb-local/pom.xml');
/** DynamoDBLocal 2.x is compiled for this Java. */
const JAVA = 17;
const START_MS = 60_000;
/** A download may hang: Maven goes on where it was. */
const COPY_MS = 90_000;
const COPY_TRIES = 3;

function output(command: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch {
    return undefined;
  }
}

/** Why the engine cannot run on this machine, undefined if it can. */
export function whyNoDynamoDbLocal(): string | undefined {
  const java = Number(
    /^openjdk (\d+)|^java (\d+)/
      .exec(output('java', ['--version']) ?? '')
      ?.slice(1)
      .find(Boolean),
  );
  if (!(java >= JAVA)) return `needs Java ${JAVA} or newer`;
  return existsSync(JARS) || output('mvn', ['--version']) ? undefined : 'needs Maven to copy its jars once';
}

/**
 * The folder of the jars. Copies them beside their place and moves them there whole, so that a broken copy is never used.
 */
export function dynamoDbLocalJars(): string {
  if (existsSync(JARS)) return JARS;
  console.log('DynamoDBLocal: copying its jars into .cache/dynamodb-local, once');
  const partial = `${JARS}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${partial}`, '-DincludeScope=runtime'];
  for (let tries = 1; ; tries++) {
    try {
      execFileSync('mvn', ['-q', '-B', '-f', POM, ...copy], { stdio: 'inherit', timeout: COPY_MS });
      break;
    } catch (error) {
      if (tries === COPY_TRIES) throw error;
      console.log('DynamoDBLocal: the copy failed, once more');
    }
  }
  if (existsSync(JARS)) rmSync(partial, { recursive: true });
  else renameSync(partial, JARS);
  console.log('DynamoDBLocal: jars are there');
  return JARS;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** Starts the engine with an empty database in memory. Throws if it is not there after a minute. */
export async function startDynamoDbLocal(): Promise<LocalDynamo> {
  dynamoDbLocalJars();
  const port = await freePort();
  const main = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner';
  const java = spawn(
    'java',
    [
      '-Xmx256m',
      `-Djava.library.path=${JARS}`,
      '-cp',
      `${JARS}/*`,
      main,
      ...['-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(port)],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let complaint = '';
  java.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const kill = () => java.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise<void>((resolve) => java.once('exit', () => resolve()));
  const endpoint = `http://127.0.0.1:${port}`;
  const close = async () => {
    process.off('exit', kill);
    java.kill();
    await ended;
  };
  for (const deadline = Date.now() + START_MS; ; await delay(100)) {
    // Any answer will do: an unsigned GET gets a 400.
    const answered = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (answered) return { endpoint, close };
    if (java.exitCode !== null || Date.now() > deadline) {
      await close();
      throw new Error(`DynamoDBLocal did not start: ${complaint}`);
    }
  }
}
