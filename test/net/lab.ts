import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, constants, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from '../support/program.ts';
import type { ClientOrder, Heard } from './client.ts';
import type { InternetOrder } from './internet.ts';
import { CLIENT, DOORS, PUBLIC, SERVERS } from './places.ts';

/** From whom a packet may come in (RFC 4787, section 5). */
export type Filtering = 'none' | 'address' | 'address-port';

/** One box on the way, as box.py takes it. */
export type Part =
  | {
      readonly kind: 'nat';
      readonly public: string;
      /** `flow`: another port for each destination, a symmetric NAT. */
      readonly mapping: 'endpoint' | 'flow';
      readonly filtering: Filtering;
      readonly timeoutMs: number;
    }
  | { readonly kind: 'client-firewall'; readonly filtering: Filtering; readonly timeoutMs: number }
  | {
      readonly kind: 'server-firewall';
      readonly filtering: Filtering;
      readonly timeoutMs: number;
      readonly servers: readonly string[];
      readonly allowFile?: string;
    };

type BoxOrder =
  | { readonly chain: readonly Part[] }
  | { readonly advance: number }
  | { readonly block: readonly string[] };

/** Why the lab cannot be built here; undefined: it can. */
export function missingForLab(): string | undefined {
  if (process.getuid?.() !== 0) return 'root';
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    execFileSync('python3', ['-c', '']);
    const name = `odtry${process.pid}`;
    execFileSync('ip', ['netns', 'add', name], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'del', name]);
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  }
  return undefined;
}

/** Programs of the lab that do not end by themselves are killed then. */
const STOP_MS = 8_000;

/** A program of the lab that takes orders as lines of JSON and says what happens as such lines. */
class Worker<Order extends object> {
  readonly lines: Readonly<Record<string, unknown>>[] = [];
  readonly #name: string;
  #child: ChildProcess | undefined;
  #orders = 0;
  #errors = '';

  constructor(name: string) {
    this.#name = name;
  }

  start(command: readonly string[]): void {
    this.#child = spawn(command[0] as string, command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.lines.push(JSON.parse(line)));
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
  }

  async tell(order: Order): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#orders;
    this.#child?.stdin?.write(`${JSON.stringify({ ...order, id })}\n`);
    return await this.done(id);
  }

  async done(id: number | 'start'): Promise<Readonly<Record<string, unknown>>> {
    return await until(
      `${this.#name} does ${id}`,
      () => {
        if (this.#child?.exitCode !== null) throw new Error(`${this.#name} has ended: ${this.#errors}`);
        return this.lines.find(({ done }) => done === id);
      },
      40_000,
    );
  }

  /** Lets it stop what it has started itself. */
  async end(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.stdin?.end();
    await gone;
    clearTimeout(late);
  }
}

/**
 * Two network namespaces, a client's and the internet's, and nothing between them but the box: no packet gets out of the
 * machine, nor into its own network.
 */
export class NatLab {
  readonly box: Worker<BoxOrder>;
  readonly client: Worker<ClientOrder>;
  readonly internet: Worker<InternetOrder>;
  readonly allowFile: string;
  readonly #dir: string;
  readonly #spaces: readonly string[];
  #sockets = 0;

  private constructor() {
    const [inside, outside] = [`odc${process.pid}`, `odi${process.pid}`];
    this.#spaces = [inside, outside];
    this.#dir = mkdtempSync(join(tmpdir(), 'nat-lab-'));
    this.allowFile = join(this.#dir, 'allowed');
    const hook = join(this.#dir, 'allow.sh');
    writeFileSync(hook, `#!/bin/sh\necho "$1" >> ${this.allowFile}\n`);
    chmodSync(hook, 0o755);
    removeLeftovers();
    for (const space of this.#spaces) {
      ip('netns', 'add', space);
      ip('-n', space, 'link', 'set', 'lo', 'up');
    }
    this.box = new Worker('box');
    this.internet = new Worker('internet');
    this.client = new Worker('client');
  }

  static async open(): Promise<NatLab> {
    const lab = new NatLab();
    try {
      await lab.#start();
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.client.end(), this.internet.end(), this.box.end()]);
    for (const space of this.#spaces) ip('netns', 'del', space);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** Puts these parts on the way, with no memory of what was sent before. */
  async build(chain: readonly Part[], blocked: readonly string[] = []): Promise<void> {
    rmSync(this.allowFile, { force: true });
    await this.box.tell({ chain });
    await this.box.tell({ block: blocked });
  }

  /** A number that no socket of the client has. */
  newSocket(): number {
    return ++this.#sockets;
  }

  /** What a socket has heard so far. */
  heard(socket: number): readonly Heard[] {
    return this.client.lines.filter((line) => line['socket'] === socket) as unknown as Heard[];
  }

  /** Where a packet to that place seems to come from; the first such packet after the `since`-th line. */
  async seenAs(to: string, since: number): Promise<string> {
    const find = () => this.box.lines.slice(since).find(({ passed }) => ends(passed).to === to);
    return ends((await this.until('the packet passes', find))['passed']).from;
  }

  /** What has become of a packet from there to there: undefined as long as there was none. */
  fate(from: string, to: string): 'passed' | 'dropped' | undefined {
    const isIt = (packet: unknown): boolean => ends(packet).from === from && ends(packet).to === to;
    const line = this.box.lines.find(({ dropped, passed }) => isIt(dropped ?? passed));
    return line && (line['dropped'] === undefined ? 'passed' : 'dropped');
  }

  /** From where packets to that place seemed to come, of one protocol, after the `since`-th line; each packet. */
  sources(protocol: 'udp' | 'tcp', to: string, since: number): readonly string[] {
    const passed = this.box.lines.slice(since).map((line) => String(line['passed'] ?? ''));
    return passed
      .filter((packet) => packet.startsWith(`${protocol} `) && ends(packet).to === to)
      .map((packet) => ends(packet).from);
  }

  /** Packets to, and from, that place that the box has dropped so far. */
  dropsTo(to: string): number {
    return this.box.lines.filter(({ dropped }) => ends(dropped).to === to).length;
  }

  dropsFrom(from: string): number {
    return this.box.lines.filter(({ dropped }) => ends(dropped).from === from).length;
  }

  /** Waits for it; a failure tells what the box has seen last. */
  async until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    return await until(what, look).catch((error: Error) => {
      const last = this.box.lines.slice(-12).map((line) => JSON.stringify(line));
      throw new Error(`${error.message}\n${last.join('\n')}`);
    });
  }

  /** Whether the operator's program has named a client. */
  isAllowed(): boolean {
    return existsSync(this.allowFile);
  }

  async #start(): Promise<void> {
    const [inside, outside] = this.#spaces as [string, string];
    const here = import.meta.dirname;
    const within = (space: string, ...command: string[]) => [
      'ip',
      'netns',
      'exec',
      space,
      process.execPath,
      ...command,
    ];
    this.box.start(['python3', '-B', join(here, 'box.py'), inside, outside]);
    await this.box.done('start');
    this.#wire(inside, outside);
    this.internet.start(within(outside, join(here, 'internet.ts'), this.#dir));
    this.client.start(within(inside, join(here, 'client.ts')));
    await Promise.all([this.client.done('start'), this.internet.done('start')]);
  }

  #wire(inside: string, outside: string): void {
    for (const space of [inside, outside]) {
      ip('link', 'set', space, 'netns', space);
      ip('-n', space, 'link', 'set', space, 'up');
    }
    ip('-n', inside, 'addr', 'add', `${CLIENT.ipv4}/24`, 'dev', inside);
    ip('-n', inside, 'addr', 'add', `${CLIENT.ipv6}/64`, 'dev', inside, 'nodad');
    for (const family of ['-4', '-6']) ip('-n', inside, family, 'route', 'add', 'default', 'dev', inside);
    for (const address of [...Object.values(DOORS).flat(), ...Object.values(SERVERS)]) {
      ip('-n', outside, 'addr', 'add', address, 'dev', 'lo', ...(address.includes(':') ? ['nodad'] : []));
    }
    ip('-n', outside, 'route', 'add', PUBLIC, 'dev', outside);
    ip('-n', outside, '-6', 'route', 'add', `${CLIENT.ipv6}/64`, 'dev', outside);
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Namespaces of a lab whose process was killed. */
function removeLeftovers(): void {
  const listed = execFileSync('ip', ['netns'], { encoding: 'utf8' }).matchAll(/^od[ci](\d+)\b/gm);
  for (const [space, pid] of listed) if (!existsSync(`/proc/${pid}`)) ip('netns', 'del', space);
}

/** Both ends of a packet as the box writes it: `udp 10.0.0.1 7000 > 10.0.0.2 7000`. */
function ends(packet: unknown): { readonly from: string; readonly to: string } {
  const [from = '', to = ''] = String(packet).split(' > ');
  return { from: from.slice(from.indexOf(' ') + 1), to };
}
