import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GodotProject, NO_GODOT, type Running } from '../support/godot.ts';
import { type LocalProgram, startLocal } from '../support/local-program.ts';
import { until } from '../support/program.ts';

const ROOT = join(import.meta.dirname, '../..');
const START_MS = 90_000;
const MOVE_MS = 60_000;

const page = readFileSync(join(ROOT, 'docs/clients/godot.md'), 'utf8');

/** A block of the page by the name beside its language. */
function block(name: string): string {
  const [, code] = new RegExp(`^\`\`\`\\S+ ${name}\n([\\s\\S]*?)^\`\`\``, 'm').exec(page) ?? [];
  if (code === undefined) throw new Error(`the page has no block ${name}`);
  return code;
}

describe('the page about the client for Godot', () => {
  it('shows the script of the example', () => {
    expect(block('main.gd')).toBe(readFileSync(join(ROOT, 'examples/godot/main.gd'), 'utf8'));
  });

  it('turns every word that Godot 4 spells differently', () => {
    const shell = block('godot4').replace(/> \S+\n$/, '');
    const script = execFileSync('sh', ['-c', shell], { cwd: ROOT, encoding: 'utf8' });
    const old =
      /^extends Reference$|Pool\w+Array|TYPE_REAL|TYPE_RAW_ARRAY|OS\.get_ticks|\.to_utf8\(|\.ord_at\(|\.subarray\(|\.empty\(|\byield\b|\bfuncref\b|\bsetget\b|\bexport\b|\bonready\b/m;

    expect(script).not.toMatch(old);
    expect(script).toMatch(/^\tchannel\.peer\.poll\(\)\n\tmatch channel\.peer\.get_status\(\):/m);
    expect(script).toMatch(/return bytes\.slice\(from, from \+ length\)/);
    for (const [, old = ''] of shell.matchAll(/-e 's\/(.+?)\//g)) {
      expect(readFileSync(join(ROOT, 'client/gdscript/onedoor.gd'), 'utf8')).toMatch(asRegExp(old));
    }
  });
});

/** A basic regular expression of `sed` as one of JavaScript. */
function asRegExp(basic: string): RegExp {
  const swapped = basic.replaceAll(/\\?[()+]/g, (each) => (each.length === 2 ? each.slice(1) : `\\${each}`));
  return new RegExp(swapped, 'm');
}

describe.skipIf(NO_GODOT)('a game in Godot beside `npm start`', () => {
  let system: LocalProgram;
  const projects: GodotProject[] = [];
  const games: Running[] = [];
  beforeAll(async () => {
    system = await startLocal(3);
  }, START_MS);
  afterAll(async () => {
    for (const game of games) {
      game.child.kill('SIGKILL');
      await game.ended;
    }
    await system?.stop();
    for (const project of projects) project.remove();
  });

  /** The example's project with this script on its node. */
  function play(script: string): Running {
    const project = new GodotProject(['examples/godot/project.godot', 'examples/godot/main.tscn']);
    projects.push(project);
    project.write('main.gd', script.replaceAll('"127.0.0.1"', JSON.stringify(system.door)));
    const game = project.start();
    games.push(game);
    return game;
  }

  it('plays with ten lines, and survives the crash of its server', async () => {
    const game = play(block('main.gd'));
    const [, first = ''] = await until(
      'a server',
      () => /playing on (\S+) at \S+\n/.exec(game.text()) ?? undefined,
      MOVE_MS,
    );
    expect(system.servers).toContain(first);

    await system.act(first, 'crash');
    const servers = (): string[] => [...game.text().matchAll(/playing on (\S+) at/g)].map(([, id = '']) => id);
    await until('another server', () => servers().some((id) => id !== first), MOVE_MS);
    expect(system.servers).toEqual(expect.arrayContaining(servers()));
  });

  it('is let in with its ticket, and again after the crash of its server', async () => {
    const game = play(block('game.gd'));
    await until('a welcome', () => game.text().includes('WELCOME godot'), MOVE_MS);
    const [, first = ''] = /playing on (\S+)\n/.exec(game.text()) ?? [];

    await system.act(first, 'crash');
    const after = new RegExp(`lost ${first}: silent\n(?:.*\n)*?playing on (\\S+)\n(?:.*\n)*?WELCOME godot`);
    const [, second] = await until('a welcome elsewhere', () => after.exec(game.text()) ?? undefined, MOVE_MS);
    expect(second).not.toBe(first);
    expect(game.text()).not.toMatch(/SCRIPT ERROR|Parse Error/);
  });

  it('keeps its session in a file and comes back with it', async () => {
    const signals = ['assigned', 'reassigned']
      .map((name) => `\tsession.connect("${name}", self, "_on_any")\n`)
      .join('');
    const keeping = block('game.gd')
      .replace('func _ready():\n', `func _ready():\n${signals}`)
      .concat(
        '\n\nfunc _on_any(_server, _from = null):\n\tremember()\n\tprint("resumed ", session.resumed)\n\n\n',
        block('resume.gd'),
      );
    const game = play(keeping);
    await until('a welcome', () => game.text().includes('WELCOME godot'), MOVE_MS);
    expect(game.text()).toContain('resumed False');
    game.child.kill('SIGKILL');
    await game.ended;

    const project = projects.at(-1)!;
    project.write(
      'main.gd',
      readFileSync(join(project.path, 'main.gd'), 'utf8').replace(/session\.open\("[^"]*"\)\n/, 'come_back()\n'),
    );
    const again = project.start();
    games.push(again);
    await until('its server again', () => again.text().includes('resumed True'), MOVE_MS);
    await until('a welcome again', () => again.text().includes('WELCOME godot'), MOVE_MS);
  });
});
