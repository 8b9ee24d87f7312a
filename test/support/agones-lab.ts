import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { openJournal } from '../../adapters/journal/journal.ts';
import { AgonesDesk, type AgonesLoad, type AgonesSlot } from '../../agents/agones/desk.ts';
import { type AgonesDeclared, parseFacts } from '../../agents/agones/facts.ts';
import { createAgonesApi } from '../../agents/agones/rest-api.ts';
import type { GameReport } from '../../agents/loopback-api.ts';
import { aLog, PLACEMENT } from './agent-scene.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';
import { plantTree } from './temp-tree.ts';

export const HEALTH_SECONDS = 15;
const DECLARED: AgonesDeclared = {
  playerCapacity: 4,
  counters: { rooms: { count: 1, capacity: 10 } },
  lists: { members: { capacity: 2, values: [] } },
};

export interface AgonesLab {
  readonly desk: AgonesDesk;
  readonly clock: FakeClock;
  /** What the slot was told, in order. */
  readonly told: string[];
  readonly reports: GameReport[];
  readonly lines: readonly string[];
  /** Sessions that the slot counts. */
  sessions: number;
  /** `body` as JSON, or the text that it is. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  /** The state that the build sees. */
  state(): Promise<string>;
  /** Lets `ms` pass, for the desk's own timer too. */
  pass(ms: number): Promise<void>;
  /** Ends this life and begins another one over the same journal. */
  again(): Promise<AgonesLab>;
}

export interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A desk with its REST calls, in front of a slot that only notes what it is told. */
export async function anAgonesLab(load: AgonesLoad = { kind: 'players' }): Promise<AgonesLab> {
  vi.useRealTimers();
  return await open(load, join(await plantTree({}), 'journal'), fakeClock());
}

async function open(load: AgonesLoad, dir: string, clock: FakeClock): Promise<AgonesLab> {
  const journal = await openJournal({ dir, name: 'k', parse: parseFacts });
  const { lines, log } = aLog();
  const desk = new AgonesDesk({
    ...{ key: 'SRV#AROATEST:i-a#0', load, declared: DECLARED, healthSeconds: HEALTH_SECONDS },
    ...{ journal, clock, log },
  });
  const told: string[] = [];
  const reports: GameReport[] = [];
  const slot: AgonesSlot = {
    placement: { ...PLACEMENT, ipv6: '2001:db8::7', labels: { mode: 'ctf' } },
    hold: () => void told.push('hold'),
    ready: () => void told.push('ready'),
    drain: () => void told.push('drain'),
    report: (report) => void reports.push(report),
    health: () => ({ isGood: true, facts: { sessions: lab.sessions } }),
  };
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const handler = createAgonesApi(desk);
  const lab: AgonesLab = {
    ...{ desk, clock, told, reports, lines, sessions: 0 },
    async call(method, path, body, headers = {}) {
      const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
      const reply = await handler({ method, path, headers, body: text, sourceAddress: '127.0.0.1' });
      return { status: reply.status, body: JSON.parse(String(reply.body)) };
    },
    async state() {
      const { body } = await lab.call('GET', '/gameserver');
      return (body['status'] as { state: string }).state;
    },
    async pass(ms) {
      clock.advance(ms);
      await vi.advanceTimersByTimeAsync(Math.min(ms, 1_000));
    },
    async again() {
      await desk.stop();
      return await open(load, dir, clock);
    },
  };
  desk.start(slot);
  onTestFinished(async () => {
    vi.useRealTimers();
    await desk.stop().catch(() => {});
  });
  return lab;
}
