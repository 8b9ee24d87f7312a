import { describe, expect, it } from 'vitest';
import { type ApiBench, anApiBench, bodyOf } from '../../support/api-bench.ts';
import { aRequest } from '../../support/assign-bench.ts';
import { aServer } from '../../support/builders.ts';

const HOUR_MS = 3_600_000;

/** One server of 40 seats, and a gateway that probes it. */
async function aBench(): Promise<ApiBench> {
  const bench = await anApiBench([aServer({ id: 'a.0', capacity: 40 })]);
  await bench.watch.meet('gateway', bench.clock.wallMs(), []);
  return bench;
}

const report = async (bench: ApiBench, ticket: string, more: object = {}) =>
  await bench.send({ method: 'POST', path: '/v1/reports', body: JSON.stringify({ ticket, ...more }) });

async function ticketsOf(bench: ApiBench, count: number, client?: string): Promise<string[]> {
  const tickets: string[] = [];
  for (let n = 0; n < count; n++) {
    const name = client ?? `${aRequest().client}`;
    tickets.push(bodyOf<{ ticket: string }>(await bench.assign({ client: name.slice(0, 32) })).ticket);
  }
  return tickets;
}

const isSuspect = async (bench: ApiBench): Promise<boolean | undefined> => (await bench.store.list())[0]?.suspect;

describe('POST /v1/reports', () => {
  it('makes a server suspect that five holders of tickets report within 10 s', async () => {
    const bench = await aBench();
    const tickets = await ticketsOf(bench, 5);
    for (const ticket of tickets.slice(1)) {
      const response = await report(bench, ticket, { reason: 'silent' });
      expect([response.status, bodyOf(response)]).toEqual([202, { status: 'noted' }]);
      bench.clock.advance(1_000);
    }
    expect(await isSuspect(bench)).toBe(false);
    await report(bench, tickets[0]!);
    expect(await isSuspect(bench)).toBe(true);
    expect(bench.suspected).toEqual(['a.0']);
  });

  it('counts neither a ticket twice nor a holder twice', async () => {
    const bench = await aBench();
    const [ticket] = await ticketsOf(bench, 1);
    for (let n = 0; n < 8; n++) expect((await report(bench, ticket!)).status).toBe(202);
    for (const other of await ticketsOf(bench, 8, 'one liar')) await report(bench, other);
    expect(await isSuspect(bench)).toBe(false);
  });

  it('does not count reports that are minutes apart', async () => {
    const bench = await aBench();
    for (const ticket of await ticketsOf(bench, 10)) {
      await report(bench, ticket);
      bench.clock.advance(5_000);
      await bench.watch.meet('gateway', bench.clock.wallMs(), []);
    }
    expect(await isSuspect(bench)).toBe(false);
  });

  it('does not undo a good answer for each further liar', async () => {
    const bench = await aBench();
    const tickets = await ticketsOf(bench, 9);
    for (const ticket of tickets.slice(0, 5)) await report(bench, ticket);
    await bench.store.suspect((await bench.store.list())[0]!.key, false);
    for (const ticket of tickets.slice(5)) await report(bench, ticket);
    expect(await isSuspect(bench)).toBe(false);
  });

  it('changes nothing while no gateway probes, since nobody could lift the suspicion', async () => {
    const bench = await aBench();
    bench.clock.advance(2 * 60_000);
    for (const ticket of await ticketsOf(bench, 5)) expect((await report(bench, ticket)).status).toBe(202);
    expect(await isSuspect(bench)).toBe(false);
  });

  it('refuses what is no ticket of this deployment, or too old', async () => {
    const bench = await aBench();
    const [ticket] = await ticketsOf(bench, 1);
    const codes = async (text: string) => bodyOf(await report(bench, text))['code'];
    expect(await codes('x.y.z')).toBe('ticket.malformed');
    expect(await codes(`${ticket!.slice(0, -8)}AAAAAAAA`)).toMatch(/^ticket\.(forged|malformed)$/);
    expect((await report(bench, ticket!, { reason: 'boring' })).status).toBe(400);
    bench.clock.advance(12 * HOUR_MS);
    expect(await codes(ticket!)).toBe('ticket.too-old');
  });
});
