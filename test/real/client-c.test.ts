import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMPILERS, compile, missing, programFolder } from '../support/c-compilers.ts';
import { freePorts } from '../support/free-ports.ts';
import { until } from '../support/until.ts';

/** An address of its own: a developer's `npm start` may run beside it. */
const BIND = '127.0.7.1';
const START_MS = 60_000;
const MOVE_MS = 30_000;
/** Those whose programs run here. */
const NATIVE = COMPILERS.filter(({ libraries }) => libraries === undefined);

describe('a game in C', () => {
  const folder = programFolder();
  const children: ChildProcess[] = [];
  let api = '';
  let door = '';

  function start(program: string, args: readonly string[]): { child: ChildProcess; text(): string } {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    return { child, text: () => text };
  }

  beforeAll(async () => {
    const http = await freePorts(2);
    const [probe, registry] = [await freePorts(4), await freePorts(1)];
    const ports = ['--http-port', `${http}`, '--probe-port', `${probe}`, '--registry-port', `${registry}`];
    const flags = ['local/main.ts', '--json', '--bind', BIND, '--servers', '6', '--crowd', '0', ...ports];
    const system = start(process.execPath, flags);
    api = `http://${BIND}:${http}`;
    door = `${BIND}:${probe}`;
    await until(() => system.text().includes('"event":"ready"'), START_MS);
  }, START_MS);

  afterAll(async () => {
    // The newest first: the game, then the system that it plays on, which stops its own processes.
    for (const child of children.reverse()) {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGTERM');
      await ended;
    }
    folder.remove();
  });

  for (const compiler of NATIVE) {
    it(`made by ${compiler.command} plays in an empty loop and survives the crash of its server`, async ({ skip }) => {
      const absent = missing(compiler);
      skip(absent !== undefined, absent);
      const program = join(folder.path, compiler.command);
      await compile(compiler, 'examples/c/loop.c', program);
      const game = start(program, [door]);
      await until(() => /playing on \S+\n/.test(game.text()), MOVE_MS);
      const [, first = ''] = /playing on (\S+)\n/.exec(game.text())!;

      const crash = await fetch(`${api}/local/servers/${first}/crash`, { method: 'POST' });
      await until(() => /lost \S+\n(.*\n)*playing on (\S+)\n/.test(game.text()), MOVE_MS);
      game.child.kill('SIGTERM');

      expect(crash.ok).toBe(true);
      const [, lost, , second] = /lost (\S+)\n(.*\n)*playing on (\S+)\n/.exec(game.text())!;
      expect(lost).toBe(first);
      expect(second).not.toBe(first);
    });
  }
});
