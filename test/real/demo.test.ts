import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findTools } from '../../local/demo/tools.ts';
import { until } from '../support/program.ts';
import { plantTree } from '../support/temp-tree.ts';

/** Addresses and ports of its own: a developer's demo may run beside it. */
const NET = '127.0.6.';
const FLAGS = ['--bind', `${NET}1`, '--probe-port', '17200', '--http-port', '18280'];

const missing = ((): string | undefined => {
  try {
    findTools();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
})();

/** A running demo, in a temporary directory of its own. */
class Demo {
  readonly tmp = plantTree({});
  readonly #child;
  readonly #ended;
  text = '';

  constructor(...flags: readonly string[]) {
    // The game servers run as nobody.
    chmodSync(this.tmp, 0o711);
    this.#child = spawn(process.execPath, ['local/demo/main.ts', ...flags], {
      env: { ...process.env, TMPDIR: this.tmp },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.text += text;
      });
    }
    this.#ended = once(this.#child, 'close').then(([code]) => code as number | null);
    onTestFinished(async () => {
      this.#child.kill('SIGTERM');
      await this.#ended;
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async ended(): Promise<number | null> {
    return await this.#ended;
  }
}

/** Command lines of living processes that name an address of this demo. */
function leftProcesses(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((command) => command.includes(NET));
}

describe('the demo with real servers', () => {
  it('assigns, joins, kills and drains, says what it saw, and leaves nothing behind', async ({ skip }) => {
    skip(missing !== undefined, missing);
    const demo = new Demo(...FLAGS);
    const code = await demo.ended();
    expect(demo.text).toContain('all 8 steps are as they must be');
    expect(code).toBe(0);
    expect(demo.text.match(/^\[\d\/8\] /gm)).toHaveLength(8);
    expect(demo.text).toMatch(/20 of 20 answered: 127\.0\.6\.11 \d+, 127\.0\.6\.12 \d+/);
    expect(demo.text).toMatch(/60 assignments: bz1\.1 \d+, bz2\.0 \d+; to bz1\.0 0/);
    expect(demo.text).toMatch(/all \d are still on tw1\.0; none was told anything/);
    expect(readdirSync(demo.tmp)).toEqual([]);
    expect(leftProcesses()).toEqual([]);
  });

  it('takes everything along when it is interrupted', async ({ skip }) => {
    skip(missing !== undefined, missing);
    const demo = new Demo(...FLAGS);
    await until('servers are started', () => demo.text.includes('started 6 servers'), 30_000);
    expect(leftProcesses().length).toBeGreaterThan(10);
    demo.signal('SIGTERM');
    expect(await demo.ended()).toBe(143);
    expect(readdirSync(demo.tmp)).toEqual([]);
    expect(leftProcesses()).toEqual([]);
  });

  it('names a port that is in use in one line, and exits 2', async ({ skip }) => {
    skip(missing !== undefined, missing);
    const other = createSocket('udp4').bind(17_200, `${NET}13`);
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const demo = new Demo(...FLAGS);
    expect(await demo.ended()).toBe(2);
    expect(demo.text).toMatch(/^port 17200 of 127\.0\.6\.13 is in use; .*\n$/);
  });
});

describe('the start of the demo', () => {
  it('names all that is missing and the one command that installs it', () => {
    expect(() => findTools('/nowhere')).toThrow(
      /^missing: bzfs, bzadmin, teeworlds-server, murmurd, python3, cc; install: (sudo )?apt-get install -y --no-install-recommends bzflag-server teeworlds-server mumble-server python3 gcc libc6-dev$/,
    );
  });

  it('says in one line which flag is wrong, and exits 2', async () => {
    const demo = new Demo('--bind', '10.0.0.1');
    expect(await demo.ended()).toBe(2);
    expect(demo.text).toMatch(/^.*--bind.*got: 10\.0\.0\.1\n$/);
  });
});
