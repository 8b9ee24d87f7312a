import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BUNDLES, buildBundles } from '../../tools/build.ts';
import { AgentLab } from '../support/agent-lab.ts';
import { Peer } from '../support/peer.ts';
import { until } from '../support/program.ts';

const UPDATER = join(import.meta.dirname, '../../lib/boot/updater.sh');
const AGENT = BUNDLES.filter(({ file }) => file === 'agent/agent.mjs');

/** As `Restart=always` with `KillSignal=SIGKILL`: what ends is started again from whatever is in the file now. */
const SUPERVISOR = `while :; do
  "$NODE" "$WORK/agent.mjs" "$@" >>"$WORK/log" 2>&1 &
  echo $! >"$WORK/pid"
  wait $!
  sleep 0.1
done`;

const STUBS: Readonly<Record<string, string>> = {
  aws: `if [ "$1" = s3 ]; then cp "$WORK/bucket/$(basename "\${@: -2:1}")" "\${@: -1}"; else cat "$WORK/item"; fi`,
  systemctl: 'kill -KILL "$(cat "$WORK/pid")" 2>/dev/null || :',
};

interface Bundle {
  readonly name: string;
  readonly sha256: string;
  readonly version: string;
}

/** A machine whose agent the updater looks after, beside a lab's game and registry. */
class Machine {
  readonly #work: string;
  readonly #lab: AgentLab;

  constructor(lab: AgentLab) {
    this.#lab = lab;
    this.#work = join(lab.dir, 'machine');
    mkdirSync(join(this.#work, 'bucket'), { recursive: true });
    for (const [name, body] of Object.entries(STUBS)) {
      writeFileSync(join(this.#work, name), `#!/bin/bash\n${body}\n`);
      chmodSync(join(this.#work, name), 0o755);
    }
  }

  /** Puts a program of this release number into the bucket. */
  async release(version: string): Promise<Bundle> {
    const folder = join(this.#lab.dir, version);
    await buildBundles(AGENT, folder, version);
    return this.offer(version, readFileSync(join(folder, 'agent/agent.mjs')));
  }

  offer(name: string, bytes: Buffer): Bundle {
    writeFileSync(join(this.#work, 'bucket', name), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { name, sha256, version: `${name}+${sha256.slice(0, 8)}` };
  }

  /** Boots with a program. */
  start({ name }: Bundle): void {
    copyFileSync(join(this.#work, 'bucket', name), join(this.#work, 'agent.mjs'));
    const { args, env } = this.#lab.agentCommand();
    const supervisor: ChildProcess = spawn('bash', ['-c', SUPERVISOR, 'supervisor', ...args], {
      env: { ...env, PATH: process.env['PATH'], WORK: this.#work, NODE: process.execPath },
      stdio: 'ignore',
      detached: true,
    });
    onTestFinished(async () => {
      // The whole group: the supervisor and its agent.
      process.kill(-(supervisor.pid as number), 'SIGKILL');
      await once(supervisor, 'close');
    });
  }

  /** The registry wants this program, and the updater looks. */
  async update({ name, sha256, version }: Bundle, patienceSeconds = 30): Promise<string> {
    writeFileSync(join(this.#work, 'item'), `1\t${version}\ts3://bucket/${name}\t${sha256}\n`);
    const updater = spawn('bash', [UPDATER, 'now'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: `${this.#work}:${process.env['PATH']}`,
        ...{ WORK: this.#work, FOLDER: this.#work, PROGRAM: 'agent', TABLE: 'table', PERIOD: '60' },
        ...{
          HEALTH_URL: `http://127.0.0.1:${this.#lab.probePort + 1}/healthz`,
          PAUSE: '0.2',
          PATIENCE: String(patienceSeconds),
        },
      },
    });
    let said = '';
    updater.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await once(updater, 'close');
    return said;
  }

  log(): string {
    return spawnSync('tail', ['-n', '20', join(this.#work, 'log')], { encoding: 'utf8' }).stdout;
  }
}

describe('an agent that is upgraded', () => {
  it('keeps its sessions and seats from 1.0 to 2.0, past a 3.0 that does not start, and back to 1.0', async () => {
    const lab = await AgentLab.open();
    const machine = new Machine(lab);
    const [one, two] = [await machine.release('1.0.0'), await machine.release('2.0.0')];
    const broken = machine.offer('3.0.0', Buffer.from('process.exit(1);\n'));
    machine.start(one);
    lab.startGame();
    await lab.verify();
    await lab.row('the server takes clients', ({ seats }) => seats?.state === 'ready' && seats.free === 4);
    const [ann, bob] = [await Peer.open(), await Peer.open()];
    const ticket = await lab.ticket('ann');
    expect(await ann.say(`JOIN ann ${ticket}`, lab.gamePort, /./)).toBe('WELCOME ann 1');
    ann.keepSaying('PING 1', lab.gamePort);
    const first = await lab.row('one session', ({ seats }) => seats?.sessions === 1);
    expect(await lab.versionOf()).toBe(one.version);

    const lives = new Set([first.seats?.gen]);
    for (const [bundle, runs, says] of [
      [two, two, /^agent goes to 2\.0\.0\+\w{8}\nagent runs /],
      [broken, two, /^agent goes to 3\.0\.0\+\w{8}\nagent \w{64} does not get well: back to /],
      [one, one, /^agent goes to 1\.0\.0\+\w{8}\nagent runs /],
    ] as const) {
      expect(await machine.update(bundle, bundle === runs ? 30 : 3), machine.log()).toMatch(says);
      const { seats } = await lab.row(
        `a new life of ${runs.name}\n${machine.log()}`,
        (row) => !lives.has(row.seats?.gen) && row.seats?.state === 'ready' && row.seats.sessions === 1,
      );
      lives.add(seats?.gen);
      await until(`${runs.version} to say so`, async () => (await lab.versionOf()) === runs.version);
      expect(await lab.sessions()).toBe(1);
      // Her ticket is still her session, and nobody else's.
      expect(await bob.say(`JOIN bob ${ticket}`, lab.gamePort, /./)).toBe('REFUSED ticket.in-use');
      await lab.row('the other seats are free', (row) => row.seats?.free === 3);
    }
    expect(await bob.say(`JOIN bob ${await lab.ticket('bob')}`, lab.gamePort, /./)).toBe('WELCOME bob 2');
  });
});
