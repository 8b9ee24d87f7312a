import { createSocket } from 'node:dgram';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '../../client/index.ts';
import { LOCAL_APP } from '../../local/settings.ts';
import { seededRng } from '../support/seeded-rng.ts';
import { untilReady } from './chaos.ts';
import { type ChaosSystem, startSystem } from './system.ts';

/** Whose clock is off, and what a client's game then says to its ticket. */
export interface ClockCase {
  readonly whose: 'agent' | 'gateway' | 'function';
  readonly skewMs: number;
  readonly said: string;
  readonly isGood: boolean;
}

const HOUR_MS = 3_600_000;
/** Programs look at their clock's file five times a second. */
const NOTICED_MS = 1_000;
const ANSWER_MS = 10_000;
const AGAIN_MS = 300;
const TICKET_FROM_THE_FUTURE: readonly string[] = ['agent -', 'gateway +', 'function +'];

/** With real processes, one kind of part after the other has a wall clock that is an hour off. */
export async function runRealClocks(seed: number): Promise<ClockCase[]> {
  const system = await startSystem({ servers: 2, gateways: 1, capacity: 16, rng: seededRng(seed) });
  const cases: ClockCase[] = [];
  try {
    await untilReady(system);
    for (const whose of ['agent', 'gateway', 'function'] as const) {
      for (const skewMs of [HOUR_MS, -HOUR_MS]) {
        const parts = partsOf(system, whose);
        for (const part of parts) part.skew(skewMs);
        await pause(NOTICED_MS);
        const said = await joinOnce(system, `${whose}${skewMs}`, whose === 'function');
        for (const part of parts) part.skew(0);
        await pause(NOTICED_MS);
        const isRefused = TICKET_FROM_THE_FUTURE.includes(`${whose} ${skewMs > 0 ? '+' : '-'}`);
        cases.push({ whose, skewMs, said, isGood: said.startsWith(isRefused ? 'REFUSED ticket.clock' : 'WELCOME') });
      }
    }
    return cases;
  } finally {
    await system.stop();
  }
}

function partsOf(system: ChaosSystem, whose: ClockCase['whose']) {
  if (whose === 'function') return [system.functions];
  return whose === 'gateway' ? system.gateways.map(({ part }) => part) : system.machines.map(({ agent }) => agent);
}

/** What the game says to the first ticket that the door gives. */
async function joinOnce(system: ChaosSystem, client: string, byHttp: boolean): Promise<string> {
  const { api, probePort, gateways } = system;
  // Nobody listens there: the client goes on to HTTP.
  const doors = byHttp ? ['127.255.255.254'] : gateways.map(({ address }) => address);
  const session = await connect({
    ...{ door: `doors.local:${probePort}`, http: api, app: LOCAL_APP, client },
    resolve: async () => doors,
  });
  const { server, ticket } = session;
  const socket = createSocket('udp4');
  try {
    return await new Promise<string>((resolve, reject) => {
      const ask = (): void => {
        socket.send(`JOIN ${client} ${ticket ?? ''}`.trim(), server.ports['game'] ?? 0, server.address, () => {});
      };
      const again = setInterval(ask, AGAIN_MS);
      const late = setTimeout(() => reject(new Error('the game says nothing')), ANSWER_MS);
      socket.on('message', (bytes) => {
        clearInterval(again);
        clearTimeout(late);
        resolve(bytes.toString());
      });
      ask();
    });
  } finally {
    socket.close();
    await session.close();
  }
}
