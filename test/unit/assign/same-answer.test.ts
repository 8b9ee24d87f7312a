import { describe, expect, it } from 'vitest';
import { createMemoryAnswerStore } from '../../../adapters/memory/answer-store.ts';
import { createSameAnswer } from '../../../core/assign/same-answer.ts';
import { OnedoorError } from '../../../core/errors.ts';
import type { AnswerStore } from '../../../core/ports.ts';
import { anAssignBench, aRequest, twoSmallServers } from '../../support/assign-bench.ts';
import { keysOf } from '../../support/tickets.ts';

/** Several environments over one registry and one store of answers. */
async function environments(count: number, around: (store: AnswerStore) => AnswerStore = (store) => store) {
  const bench = await anAssignBench(twoSmallServers());
  const kept = createMemoryAnswerStore();
  const { signer } = keysOf();
  const doors = Array.from({ length: count }, () =>
    createSameAnswer({ assigner: bench.assigner({ signer }), store: around(kept), signer, clock: bench.clock }),
  );
  const taken = async () => 6 - (await bench.free('a.0')) - (await bench.free('b.0'));
  return { bench, kept, doors, taken };
}

describe('the same request again', () => {
  it('gets the same answer in every environment for five minutes, ticket and all, and uses one seat', async () => {
    const { bench, doors, taken } = await environments(3);
    const request = aRequest({ explain: true });
    const first = await doors[0]!.assign(request, 'key', 'asked');
    expect(first).toMatchObject({ ok: true, explain: { policy: 'least-loaded' } });
    expect(await doors[1]!.assign(request, 'key', 'asked')).toEqual(first);
    bench.clock.advance(299_999);
    expect(await doors[2]!.assign(request, 'key', 'asked')).toEqual(first);
    expect(await taken()).toBe(1);
    bench.clock.advance(1);
    expect(await doors[2]!.assign(request, 'key', 'asked')).not.toEqual(first);
    expect(await taken()).toBe(2);
  });

  it('gets one answer where it reaches two environments at the same time; the other seat is nobody’s', async () => {
    const { bench, doors, taken } = await environments(2);
    bench.lag = () => new Promise((resolve) => setImmediate(resolve));
    const request = aRequest();
    const [one, two] = await Promise.all(doors.map((door) => door.assign(request, 'key', 'asked')));
    expect(one).toMatchObject({ ok: true });
    expect(two).toEqual(one);
    expect(await taken()).toBe(2);
    expect(await doors[0]!.assign(request, 'key', 'asked')).toEqual(one);
    expect(await taken()).toBe(2);
  });

  it('is the same for a party, seat by seat', async () => {
    const { doors, taken } = await environments(2);
    const { client: _, ...request } = aRequest();
    const party = ['one', 'two', 'three'].map((name) => new TextEncoder().encode(name));
    const first = await doors[0]!.assign({ ...request, party }, 'key', 'asked');
    expect(first).toMatchObject({ seats: [{}, {}, {}] });
    expect(await doors[1]!.assign({ ...request, party }, 'key', 'asked')).toEqual(first);
    expect(await taken()).toBe(3);
  });

  it('refuses another request under the same key, also where both come at once', async () => {
    const { bench, doors } = await environments(2);
    const first = await doors[0]!.assign(aRequest(), 'key', 'asked');
    expect(first.ok).toBe(true);
    expect(await doors[1]!.assign(aRequest(), 'key', 'else')).toMatchObject({ code: 'http.key-reused' });
    bench.lag = () => new Promise((resolve) => setImmediate(resolve));
    const both = await Promise.all(doors.map((door, n) => door.assign(aRequest(), 'other key', `asked ${n}`)));
    expect(both.map((outcome) => (outcome.ok ? 'seat' : outcome.code)).sort()).toEqual(['http.key-reused', 'seat']);
  });

  it('asks anew after a refusal', async () => {
    const { bench, doors } = await environments(1);
    const full = await doors[0]!.assign(aRequest({ avoid: ['a.0', 'b.0'] }), 'key', 'asked');
    expect(full).toMatchObject({ code: 'assign.no-capacity' });
    bench.clock.advance(1_000);
    expect(await doors[0]!.assign(aRequest(), 'key', 'asked')).toMatchObject({ ok: true });
  });

  it('answers nothing that could not be kept', async () => {
    const away = async () => Promise.reject(new OnedoorError('registry.unreachable'));
    const { doors } = await environments(1, (store) => ({ ...store, keep: away }));
    await expect(doors[0]!.assign(aRequest(), 'key', 'asked')).rejects.toThrow('registry.unreachable');
  });

  it('keeps no ticket', async () => {
    const { kept, doors } = await environments(1);
    const answer = await doors[0]!.assign(aRequest(), 'key', 'asked');
    if (!answer.ok) throw new Error(answer.code);
    const text = (await kept.find('key'))!.text;
    const [header, , signature] = answer.ticket.split('.') as [string, string, string];
    expect(text).not.toContain(header);
    expect(text).not.toContain(signature);
  });
});
