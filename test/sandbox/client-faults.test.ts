import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as browser from '../../client/browser.ts';
import { connect, OnedoorError, type Session } from '../../client/index.ts';
import { type FakeDoor, startFakeDoor } from '../../tools/fake-door/fake-door.ts';
import { type Fault, readFaultTable } from '../../tools/fake-door/table.ts';
import { keepFaultColumn } from '../support/fault-column.ts';
import { freePorts } from '../support/free-ports.ts';
import { until } from '../support/until.ts';

const { faults, ports } = readFaultTable();
/** A busy machine takes longer than the table says. */
const PATIENCE = 4;

let door: FakeDoor;
const open: Session[] = [];
const told: { readonly fault: string; readonly events: readonly Seen[] }[] = [];
beforeAll(async () => {
  door = await startFakeDoor({ basePort: await freePorts(ports) });
});
afterAll(async () => {
  keepFaultColumn('TypeScript', told);
  await Promise.all(open.map((session) => session.close()));
  await door.close();
  expect(door.count('i-wrong.0')).toBe(0);
});

type Seen = Readonly<Record<string, unknown>>;

/** What happened, with the names of the table. */
function watch(session: Session): Seen[] {
  const seen: Seen[] = [{ event: 'assigned', server: session.server.id, via: session.via }];
  session.on('lost', ({ server, reason, code }) => seen.push({ event: 'lost', server: server.id, reason, code }));
  session.on('moving', () => seen.push({ event: 'moving' }));
  session.on('reassigned', ({ server, via }) => seen.push({ event: 'reassigned', server: server.id, via }));
  return seen;
}

/** Whether `seen` begins with what the table expects; a way may be a later one where the machine was slow. */
function fits(seen: readonly Seen[], expected: Fault['expect']): boolean {
  return expected.every(({ event, server, via, reason, code }, index) => {
    const one = seen[index];
    const same = (name: string, wanted: unknown): boolean => wanted === undefined || one?.[name] === wanted;
    const way = via === 'udp' ? one?.['via'] !== 'http' : same('via', via);
    return same('event', event) && same('server', server) && same('reason', reason) && same('code', code) && way;
  });
}

async function meet({ fault, expect: expected, never = [], withinMs, http: byHttp }: Fault): Promise<void> {
  const address = `127.0.0.1:${door.port(fault)}`;
  const needsHttp = byHttp !== 'answer' || expected.some(({ via }) => via === 'http');
  const asked = { door: address, http: needsHttp ? `http://${address}` : (false as const), client: fault };
  const played = expected.filter(({ event }) => event !== 'waiting' && event !== 'failed');
  if (played.length === 0) {
    const [{ code, maxRetryInMs = Number.POSITIVE_INFINITY } = {}] = expected;
    const askFor = (timeoutMs: number): Promise<unknown> =>
      connect({ ...asked, timeoutMs }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
    const first = await askFor(withinMs);
    // Nothing came within that time: the machine was busy.
    const isLate = code !== 'client.no-answer' && (first as OnedoorError | undefined)?.code === 'client.no-answer';
    const error = isLate ? await askFor(withinMs * PATIENCE) : first;
    expect(error).toBeInstanceOf(OnedoorError);
    expect(error).toMatchObject({ code });
    told.push({ fault, events: [{ event: 'waiting', code }] });
    const { retryInMs = 0 } = (error as OnedoorError).payload as { retryInMs?: number };
    expect(retryInMs).toBeLessThanOrEqual(maxRetryInMs);
    return;
  }
  const session = await connect({ ...asked, timeoutMs: withinMs * PATIENCE });
  open.push(session);
  const seen = watch(session);
  told.push({ fault, events: seen });
  await until(() => seen.length >= played.length, withinMs * PATIENCE);
  expect(fits(seen, played), `${fault}: ${JSON.stringify(seen)}`).toBe(true);
  if (never.length === 0) return;
  const later = performance.now() + withinMs;
  await until(() => performance.now() > later, withinMs * PATIENCE);
  expect(seen.filter(({ event }) => never.includes(event as never))).toEqual([]);
}

async function meetInBrowser({ fault, http, withinMs }: Fault): Promise<void> {
  const asked = browser.connect({ door: `http://127.0.0.1:${door.port(fault)}`, timeoutMs: withinMs });
  const result = await asked.then(
    (session) => session.server.id,
    (error: unknown) => error,
  );
  // HTTP may be the way that works there.
  if (result === 'i-good.0') expect(http).toBe('answer');
  else expect(result).toMatchObject({ name: 'OnedoorError', code: expect.stringMatching(/^(assign|client|door)\./) });
}

/** Most of the time is waiting, so all faults are met at once; each test then looks at its own. */
function allAtOnce(those: readonly Fault[], meetOne: (fault: Fault) => Promise<void>): (fault: Fault) => Promise<void> {
  let results: ReadonlyMap<Fault, Promise<unknown>> | undefined;
  return async (fault) => {
    results ??= new Map(those.map((each) => [each, meetOne(each).catch((error: unknown) => ({ error }))]));
    const failed = (await results.get(fault)) as { readonly error: unknown } | undefined;
    if (failed) throw failed.error;
  };
}

describe('the client for Node and a door that fails in every way', () => {
  const result = allAtOnce(faults, meet);
  it.each(faults.map((fault) => [fault.fault, fault.client, fault] as const))('%s: %s', async (_n, _c, fault) => {
    await result(fault);
  });
});

describe('the client for browsers and a door that fails in every way', () => {
  const byHttp = faults.filter(({ expect: [first] }) => first?.event === 'failed' || first?.event === 'waiting');
  const result = allAtOnce(byHttp, meetInBrowser);
  it.each(byHttp.map((fault) => [fault.fault, fault] as const))('%s: ends with a code', async (_n, fault) => {
    await result(fault);
  });

  it('gets its server, and another one with a ticket when it says that the first is lost', async () => {
    const session = await browser.connect({ door: `http://127.0.0.1:${door.port('dead-alternate')}` });
    const ids = [session.server.id];
    session.on('reassigned', ({ server }) => ids.push(server.id));
    for (let count = 1; count <= 3; count++) {
      session.lost();
      await until(() => ids.length > count, 20_000);
    }
    session.close();
    expect(ids).toEqual(['i-dying.0', 'i-dead.0', 'i-good.0', 'i-good.0']);
  });
});
