import { describe, expect } from 'vitest';
import { applyCommand } from '../../core/registry/commands.ts';
import { readTakeReply } from '../../core/registry/take.ts';
import { DEFAULT_TIMING } from '../../core/registry/timing.ts';
import { aRow, type Behaves, beatOf, CREATED_MS, GEN, KEY, placement, seatsIn } from './registry-rows.ts';

/** The writes of agents and assigners: docs/SEATS.md section 1, clause by clause. */
export function describeSeatWrites(behaves: Behaves): void {
  describe('rows', () => {
    behaves('has no row before an agent makes one', async (store) => {
      expect(await store.get(KEY)).toBeUndefined();
      expect(await store.list()).toEqual([]);
    });

    behaves('makes a row without seats to take, its counters at the creation time', async (store) => {
      const reply = await store.write(KEY, { kind: 'create', gen: GEN, nowMs: CREATED_MS });
      expect(reply).toStrictEqual(applyCommand(KEY, undefined, { kind: 'create', gen: GEN, nowMs: CREATED_MS }));
      expect(await store.get(KEY)).toStrictEqual(reply.row);
    });

    behaves('refuses to make a row twice and returns the one there is', async (store) => {
      const seats = await aRow(store);
      const reply = await store.write(KEY, { kind: 'create', gen: 'ffffffffffffffff', nowMs: CREATED_MS + 1 });
      expect(reply).toStrictEqual({ ok: false, row: { key: KEY, suspect: false, seats } });
    });

    behaves('gives a row to a new life and leaves its seats alone', async (store) => {
      const seats = await aRow(store);
      const reply = await store.write(KEY, { kind: 'claim', seen: GEN, gen: '00000000000000b2' });
      expect(reply.ok).toBe(true);
      expect(seatsIn(reply)).toStrictEqual({ ...seats, gen: '00000000000000b2', beat: seats.beat + 1 });
    });

    behaves('refuses a claim of a life that is over', async (store) => {
      const seats = await aRow(store);
      const reply = await store.write(KEY, { kind: 'claim', seen: '00000000000000b2', gen: '00000000000000c3' });
      expect(reply).toStrictEqual({ ok: false, row: { key: KEY, suspect: false, seats } });
    });

    behaves('refuses everything but making it on a row that is not there', async (store) => {
      const seats = seatsIn(applyCommand(KEY, undefined, { kind: 'create', gen: GEN, nowMs: CREATED_MS }));
      const refusals = [
        await store.write(KEY, { kind: 'take', k: 1, token: 't' }),
        await store.write(KEY, { kind: 'claim', seen: GEN, gen: GEN }),
        await store.write(KEY, beatOf(seats)),
        await store.place(KEY, placement()),
        await store.bury(KEY),
        await store.suspect(KEY, true),
        await store.drain(KEY, true),
        await store.drain(KEY, false),
        await store.move(KEY, { count: 1, beat: 1 }),
      ];
      expect(refusals).toStrictEqual(refusals.map(() => ({ ok: false, row: undefined })));
      expect(await store.get(KEY)).toBeUndefined();
    });
  });

  describe('beats', () => {
    behaves('adds to free and writes what the agent says', async (store) => {
      const seats = await aRow(store, { free: 3 });
      const reply = await store.write(KEY, beatOf(seats, { addFree: 2, sessions: 4, capacity: 9, state: 'draining' }));
      expect(seatsIn(reply)).toStrictEqual({
        ...seats,
        ...{ free: 5, sessions: 4, capacity: 9, state: 'draining', beat: seats.beat + 1 },
      });
    });

    behaves('says what it sees of others, until it says otherwise or a new life begins', async (store) => {
      const seats = await aRow(store);
      const said = await store.write(KEY, beatOf(seats, { sees: ['b.0', 'c.0'] }));
      expect([...(said.row?.sees ?? [])].sort()).toEqual(['b.0', 'c.0']);
      const kept = await store.write(KEY, beatOf(seatsIn(said)));
      expect([...(kept.row?.sees ?? [])].sort()).toEqual(['b.0', 'c.0']);
      const unsaid = await store.write(KEY, beatOf(seatsIn(kept), { sees: [] }));
      expect(unsaid.row).not.toHaveProperty('sees');
      const again = await store.write(KEY, beatOf(seatsIn(unsaid), { sees: ['b.0'] }));
      const claim = { kind: 'claim', seen: GEN, gen: '00000000000000b2', forgets: true } as const;
      expect(again.row).toHaveProperty('sees');
      expect((await store.write(KEY, claim)).row).not.toHaveProperty('sees');
    });

    behaves('burns free seats down to none, never below', async (store) => {
      const seats = await aRow(store, { free: 3 });
      const tooMany = await store.write(KEY, beatOf(seats, { addFree: -4 }));
      expect(tooMany).toStrictEqual({ ok: false, row: { key: KEY, suspect: false, seats } });
      expect(seatsIn(await store.write(KEY, beatOf(seats, { addFree: -3 }))).free).toBe(0);
    });

    for (const [clause, change] of [
      ['an older beat', { beat: CREATED_MS - 1 }],
      ['a beat to come', { beat: CREATED_MS + 7 }],
      ['another life', { gen: '00000000000000b2' }],
    ] as const) {
      behaves(`refuses a beat of ${clause}`, async (store) => {
        const seats = await aRow(store);
        const reply = await store.write(KEY, beatOf(seats, { addFree: 1, ...change }));
        expect(reply).toStrictEqual({ ok: false, row: { key: KEY, suspect: false, seats } });
      });
    }

    behaves('adds to what is left after a take that came between', async (store) => {
      const seats = await aRow(store, { free: 3 });
      await store.write(KEY, { kind: 'take', k: 2, token: 't' });
      expect(seatsIn(await store.write(KEY, beatOf(seats, { addFree: 1 }))).free).toBe(2);
    });
  });

  describe('takes', () => {
    behaves('takes k seats and numbers them', async (store) => {
      const seats = await aRow(store, { free: 3 });
      const reply = await store.write(KEY, { kind: 'take', k: 2, token: 't1' });
      expect(reply.ok).toBe(true);
      expect(seatsIn(reply)).toStrictEqual({ ...seats, free: 1, issued: seats.issued + 2, last: 't1' });
    });

    for (const [clause, options, command] of [
      ['fewer seats are free', { free: 1 }, { k: 2 }],
      ['the server is not ready yet', { state: 'starting' }, {}],
      ['the server drains', { state: 'draining' }, {}],
      ['the server is gone', { state: 'gone' }, {}],
      ['the beat has not moved on', {}, { beatAfter: CREATED_MS + 1 }],
    ] as const) {
      behaves(`refuses a take when ${clause}, and returns the row`, async (store) => {
        const seats = await aRow(store, options);
        const reply = await store.write(KEY, { kind: 'take', k: 1, token: 't', ...command });
        expect(reply).toStrictEqual({ ok: false, row: { key: KEY, suspect: false, seats } });
        expect(await store.get(KEY)).toStrictEqual(reply.row);
      });
    }

    behaves('takes when the beat has moved on since', async (store) => {
      await aRow(store);
      expect((await store.write(KEY, { kind: 'take', k: 1, token: 't', beatAfter: CREATED_MS })).ok).toBe(true);
    });

    behaves('knows a retried take as its own after a lost reply, and takes nothing again', async (store) => {
      const take = { kind: 'take', k: 2, token: 't1' } as const;
      const seats = await aRow(store, { free: 9 });
      await store.write(KEY, take);
      const again = await store.write(KEY, take);
      expect(again).toMatchObject({ ok: false, row: { seats: { free: 7, issued: seats.issued + 2 } } });
      expect(readTakeReply(take, again, 0, 100, DEFAULT_TIMING)).toMatchObject({
        ok: true,
        seats: { gen: GEN, first: seats.issued + 1, last: seats.issued + 2 },
      });
    });

    behaves('gives exactly 100 seats to 300 racers, each its own serial', async (store) => {
      const seats = await aRow(store, { free: 100 });
      const replies = await Promise.all(
        Array.from({ length: 300 }, (_, n) => store.write(KEY, { kind: 'take', k: 1, token: `t${n}` })),
      );
      const serials = replies.filter((reply) => reply.ok).map((reply) => seatsIn(reply).issued);
      expect(new Set(serials).size).toBe(100);
      expect(serials).toHaveLength(100);
      expect(seatsIn({ ok: false, row: await store.get(KEY) })).toMatchObject({
        free: 0,
        issued: seats.issued + 100,
      });
    });
  });
}
