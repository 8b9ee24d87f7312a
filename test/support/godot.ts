import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const GODOT = 'godot3-server';

/** Undefined if Debian's Godot 3 is there; else what to say. */
export const NO_GODOT = spawnSync(GODOT, ['--version']).error
  ? `${GODOT} is not installed: apt-get install godot3-server`
  : undefined;

/** A running Godot with everything that it printed. */
export interface Running {
  readonly child: ChildProcess;
  text(): string;
  /** What the lines that begin with "> " say, which are JSON. */
  told<Line>(): Line[];
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

/** A project in a folder of its own, with the client in it. */
export class GodotProject {
  readonly path: string;

  /** @param files paths from the repository's root, copied beside the client */
  constructor(files: readonly string[]) {
    mkdirSync(join(ROOT, '.cache'), { recursive: true });
    this.path = mkdtempSync(join(ROOT, '.cache/godot-'));
    this.write('project.godot', 'config_version=4\n');
    for (const file of ['client/gdscript/onedoor.gd', ...files]) {
      copyFileSync(join(ROOT, file), join(this.path, basename(file)));
    }
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }

  /** @param args after `--path`: a script (`-s x.gd`), or none to play the project's main scene */
  start(...args: readonly string[]): Running {
    // What it keeps for its user goes into the project's folder too; a locale that it knows keeps its log quiet.
    const env = { PATH: process.env['PATH'] ?? '', HOME: this.path, LANG: 'en_US.UTF-8' };
    const child = spawn(GODOT, ['--no-window', '--path', this.path, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
    }
    return {
      child,
      text: () => text,
      told: <Line>() => toldIn<Line>(text),
      ended: once(child, 'close').then(([code]) => code as number | null),
    };
  }

  /** Runs a script with `job` as its job.json until it ends; rejects with what Godot says about faults in scripts. */
  async run<Line>(script: string, job: unknown): Promise<Line[]> {
    this.write('job.json', JSON.stringify(job));
    const running = this.start('-s', script);
    const code = await running.ended;
    if (code !== 0 || /SCRIPT ERROR|Parse Error/.test(running.text())) throw new Error(`${code}: ${running.text()}`);
    return running.told<Line>();
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

function toldIn<Line>(text: string): Line[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line.startsWith('> '))
    .map((line) => JSON.parse(line.slice(2)) as Line);
}
