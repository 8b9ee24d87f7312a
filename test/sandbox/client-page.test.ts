import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScriptedDeployment } from '../support/scripted-deployment.ts';
import { grantFields } from '../support/scripted-peer.ts';
import { until } from '../support/until.ts';

const ROOT = join(import.meta.dirname, '../..');
const CLIENT = join(ROOT, 'client/index.ts');

const here = new ScriptedDeployment();
let folder = '';
beforeEach(() => {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  folder = mkdtempSync(join(ROOT, '.cache/page-'));
});
afterEach(async () => {
  await here.close();
  rmSync(folder, { recursive: true });
});

/** The TypeScript of a page, with the client in place of the copied file. */
function snippets(): string[] {
  const page = readFileSync(join(ROOT, 'docs/clients/typescript.md'), 'utf8');
  const blocks = [...page.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = '']) => code);
  return blocks.map((code) => code.replace("'./onedoor.mjs'", JSON.stringify(CLIENT)));
}

function write(name: string, code: string): string {
  const path = join(folder, name);
  writeFileSync(path, code);
  return path;
}

function start(program: string, door: string): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [program, door], { stdio: ['ignore', 'pipe', 'inherit'] });
  here.own({
    close: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    },
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { child, output: () => Buffer.concat(chunks).toString() };
}

describe('the page about the client for TypeScript', () => {
  it('has a program that plays, survives the death of its server, and ends', async () => {
    const game = createSocket('udp4');
    const heard: string[] = [];
    game.on('message', (bytes, { port, address }) => {
      heard.push(bytes.toString());
      game.send('state', port, address);
    });
    game.bind(0, '127.0.0.2');
    await once(game, 'listening');
    here.own({ close: () => new Promise((resolve) => game.close(() => resolve())) });
    const { door, servers } = await here.start();
    door.script = (request) => {
      const { id, peer } = servers.find((server) => !request.avoid?.includes(server.id))!;
      const [, probe] = grantFields(request, peer, id).ports!;
      return { ...grantFields(request, peer, id), ports: [{ role: 0, port: game.address().port }, probe!] };
    };
    const { child, output } = start(write('play.ts', snippets()[0]!), `127.0.0.1:${door.port}`);

    await until(() => heard.length > 5);
    expect(heard.slice(0, 2)).toEqual(['hello ticket-i-1.0', 'input']);
    await until(() => output().includes('playing on i-1.0, found by udp'));
    // The game plays on, so the client stays although the agent is dead; without the game's answers it goes.
    await servers[0]!.peer.die();
    const before = heard.length;
    await until(() => heard.length > before + 30);
    expect(output()).not.toContain('lost');
    game.removeAllListeners('message');
    game.on('message', (bytes) => heard.push(bytes.toString()));
    await until(() => heard.includes('hello ticket-i-2.0'));
    // The pipe may bring the line after the datagram.
    await until(() => output().includes('lost i-1.0: silent\nnow on i-2.0'));

    child.kill('SIGINT');

    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
