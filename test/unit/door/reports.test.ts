import { describe, expect, it } from 'vitest';
import { createMemoryWatchStore } from '../../../adapters/memory/watch-store.ts';
import { OnedoorError } from '../../../core/errors.ts';
import type { PublicKey } from '../../../core/ports.ts';
import { encodeTicket } from '../../../core/ticket/encode.ts';
import { createTakeReport } from '../../../door/reports.ts';
import { aServer, aView } from '../../support/builders.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { keysOf, someClaims } from '../../support/tickets.ts';
import { until } from '../../support/until.ts';

const { signer, publicKey } = keysOf();
const SERVER = someClaims().aud;

async function aDesk() {
  const clock = fakeClock();
  const watch = createMemoryWatchStore();
  await watch.meet('gateway', clock.wallMs(), []);
  const marked: [string, boolean][] = [];
  const errors: unknown[] = [];
  let reads = 0;
  const desk = { keys: async (): Promise<readonly PublicKey[]> => [publicKey] };
  const entry = aServer({ id: SERVER });
  const take = createTakeReport({
    store: {
      async suspect(key, isSuspect) {
        marked.push([key, isSuspect]);
        return { ok: false, row: undefined };
      },
      readKeys() {
        reads++;
        return desk.keys();
      },
    },
    watch,
    iss: 'onedoor',
    view: () => aView([entry]),
    clock,
    onSuspect: () => {},
    onError: (error) => errors.push(error),
  });
  const ticket = (n: number): string => {
    const iat = Math.floor(clock.wallMs() / 1_000);
    return encodeTicket(
      { ...someClaims({ seat: n, sub: Buffer.from(`holder-${n}`).toString('base64url') }), iat },
      signer,
    );
  };
  return { take, ticket, clock, marked, errors, desk, entry, reads: () => reads };
}

describe('reports that come with requests', () => {
  it('of five holders make their server suspect; the keys are read once', async () => {
    const { take, ticket, marked, entry, reads } = await aDesk();
    for (let n = 1; n <= 5; n++) take(ticket(n));
    await until(() => marked.length > 0);
    expect(marked).toEqual([[entry.key, true]]);
    expect(reads()).toBe(1);
  });

  it('are dropped where they come by the hundred, and go on when the registry is back', async () => {
    const { take, ticket, clock, marked, errors, desk, reads } = await aDesk();
    desk.keys = () => Promise.reject(new OnedoorError('registry.unreachable'));
    for (let n = 1; n <= 100; n++) take(ticket(n));
    await until(() => errors.length >= 20);
    expect(errors).toHaveLength(20);
    desk.keys = async () => [publicKey];
    clock.advance(1_000);
    for (let n = 1; n <= 5; n++) take(ticket(n));
    await until(() => marked.length > 0);
    expect(reads()).toBe(2);
  });
});
