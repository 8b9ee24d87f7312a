import * as fc from 'fast-check';
import { describe, expect } from 'vitest';
import { operatorUserId, rowKey } from '../../core/registry/row.ts';
import { expectMeaning, OPERATIONS } from './registry-operations.ts';
import { aRow, type Behaves, beatOf, CREATED_MS, GEN, KEY, placement, seatsIn } from './registry-rows.ts';

/** The writes of registrar, operator and probers, lists, roster items and keys. */
export function describeRegistryItems(behaves: Behaves): void {
  describe('placement', () => {
    behaves('places a row that an agent made, and leaves its seats alone', async (store) => {
      const seats = await aRow(store);
      const where = placement({ ipv6: '2001:db8::7', labels: { map: 'dust', tier: '2' } });
      const reply = await store.place(KEY, where);
      expect(reply).toStrictEqual({ ok: true, row: { key: KEY, suspect: false, seats, placement: where } });
    });

    behaves('takes away an address that the server no longer has', async (store) => {
      await aRow(store);
      await store.place(KEY, placement({ ipv6: '2001:db8::7' }));
      await store.place(KEY, placement({ ipv4: undefined, ipv6: '2001:db8::8' }));
      expect((await store.get(KEY))?.placement).toStrictEqual(placement({ ipv4: undefined, ipv6: '2001:db8::8' }));
    });

    behaves('does not place an enrolled row that has no agent', async (store) => {
      const key = rowKey(operatorUserId('box'), 0);
      await store.enrol(key, placement({ id: 'box.0' }));
      const reply = await store.place(key, placement({ id: 'box.0', app: 'other' }));
      expect(reply.ok).toBe(false);
      expect((await store.get(key))?.placement?.app).toBe('arena');
    });

    behaves('enrols a verified row without seats, whose agent makes them later', async (store) => {
      const key = rowKey(operatorUserId('box'), 0);
      const enrolled = await store.enrol(key, placement({ id: 'box.0' }));
      expect(enrolled.row).toStrictEqual({ key, suspect: false, placement: placement({ id: 'box.0' }) });
      expect(await store.list()).toStrictEqual([enrolled.row]);
      const made = await store.write(key, { kind: 'create', gen: GEN, nowMs: CREATED_MS });
      expect(made.ok).toBe(true);
      expect(made.row?.placement).toStrictEqual(placement({ id: 'box.0' }));
    });

    behaves('changes an enrolled row under a living agent without touching its seats', async (store) => {
      const key = rowKey(operatorUserId('box'), 0);
      const seats = await aRow(store, { key });
      const reply = await store.enrol(key, placement({ id: 'box.0', world: 'w2' }));
      expect(reply.row).toStrictEqual({
        key,
        suspect: false,
        seats,
        placement: placement({ id: 'box.0', world: 'w2' }),
      });
    });
  });

  describe('tombstones and suspicion', () => {
    behaves('buries a row by its state alone, and a living agent lifts it', async (store) => {
      const seats = await aRow(store);
      expect(seatsIn(await store.bury(KEY))).toStrictEqual({ ...seats, state: 'gone' });
      expect(seatsIn(await store.write(KEY, beatOf(seats))).state).toBe('ready');
    });

    behaves('marks a suspect and lifts it, and leaves its seats alone', async (store) => {
      const seats = await aRow(store);
      expect((await store.suspect(KEY, true)).row).toStrictEqual({ key: KEY, suspect: true, seats });
      expect((await store.suspect(KEY, false)).row).toStrictEqual({ key: KEY, suspect: false, seats });
    });

    behaves('keeps the wish that a server drains until it is taken back, whatever its agent writes', async (store) => {
      const seats = await aRow(store);
      expect((await store.drain(KEY, true)).row).toStrictEqual({ key: KEY, suspect: false, drain: true, seats });
      const beaten = await store.write(KEY, beatOf(seats, { state: 'draining' }));
      const claimed = await store.write(KEY, { kind: 'claim', seen: GEN, gen: '00000000000000b2' });
      expect([beaten.row?.drain, claimed.row?.drain, (await store.list())[0]?.drain]).toEqual([true, true, true]);
      expect((await store.drain(KEY, false)).row).toStrictEqual({ key: KEY, suspect: false, seats: seatsIn(claimed) });
      expect((await store.drain(KEY, false)).ok).toBe(true);
    });

    behaves(
      'keeps the wish that clients go elsewhere, whatever the agent writes, until the next one',
      async (store) => {
        const seats = await aRow(store);
        const wish = { count: 3, beat: seats.beat };
        expect((await store.move(KEY, wish)).row).toStrictEqual({ key: KEY, suspect: false, move: wish, seats });
        expect((await store.write(KEY, beatOf(seats))).row?.move).toStrictEqual(wish);
        expect((await store.move(KEY, { count: 1, beat: seats.beat + 1 })).row?.move?.count).toBe(1);
        expect((await store.list())[0]?.move).toStrictEqual({ count: 1, beat: seats.beat + 1 });
      },
    );

    behaves('forgets a buried row, but none whose agent beat since or is not buried', async (store) => {
      const seats = await aRow(store);
      expect(await store.forget(KEY, seats.beat)).toBe(false);
      await store.bury(KEY);
      expect(await store.forget(KEY, seats.beat - 1)).toBe(false);
      expect(await store.forget(KEY, seats.beat)).toBe(true);
      expect(await store.get(KEY)).toBeUndefined();
      expect(await store.list()).toEqual([]);
    });
  });

  describe('lists', () => {
    behaves('lists server rows alone, more than one batch of them', async (store) => {
      const keys = Array.from({ length: 130 }, (_, n) => rowKey(`AROAEXAMPLE:i-${n}`, 0));
      await Promise.all(keys.map((key) => aRow(store, { key })));
      await store.writeRoster({ name: 'INDEX', version: 1, body: Uint8Array.of(1) });
      await store.writeKeys([{ kid: 'k1', x: 'abc' }]);
      expect((await store.list()).map((row) => row.key).sort()).toEqual([...keys].sort());
    });

    behaves('lists the slots of one machine', async (store) => {
      for (const [machine, slot] of [
        ['i-1', 0],
        ['i-1', 1],
        ['i-10', 0],
      ] as const)
        await aRow(store, { key: rowKey(`AROAEXAMPLE:${machine}`, slot) });
      expect((await store.list('i-1')).map((row) => row.key).sort()).toEqual([
        'SRV#AROAEXAMPLE:i-1#0',
        'SRV#AROAEXAMPLE:i-1#1',
      ]);
    });
  });

  describe('roster items and keys', () => {
    behaves('keeps roster items byte for byte, the newest of each name', async (store) => {
      const body = Uint8Array.from({ length: 256 }, (_, n) => n);
      expect(await store.readRoster('S0')).toBeUndefined();
      await store.writeRoster({ name: 'S0', version: 1, body: Uint8Array.of(9) });
      await store.writeRoster({ name: 'S0', version: 2 ** 53 - 1, body });
      await store.writeRoster({ name: 'D0', version: 3, body: Uint8Array.of(7) });
      const item = await store.readRoster('S0');
      expect(item).toMatchObject({ name: 'S0', version: 2 ** 53 - 1 });
      expect([...(item?.body ?? [])]).toEqual([...body]);
    });

    behaves('keeps the public keys', async (store) => {
      expect(await store.readKeys()).toEqual([]);
      await store.writeKeys([{ kid: 'old', x: 'AAAA' }]);
      await store.writeKeys([
        { kid: 'k1', x: 'AAAA' },
        { kid: 'k2', x: '_-BB' },
      ]);
      expect(await store.readKeys()).toStrictEqual([
        { kid: 'k1', x: 'AAAA' },
        { kid: 'k2', x: '_-BB' },
      ]);
    });
  });

  behaves('keeps odd characters as they are', async (store) => {
    const odd = 'ä "quoted" \\ \u0000 \u{1F3AE} # $ &<>';
    const key = rowKey('AROAEXAMPLE:i-\u{1F3AE} ü', 7);
    const where = placement({ app: odd, world: ' ', group: '', zone: odd, labels: { [odd]: odd, empty: '' } });
    const seats = await aRow(store, { key });
    await store.place(key, where);
    const reply = await store.write(key, { kind: 'take', k: 1, token: odd });
    expect(seatsIn(reply)).toStrictEqual({ ...seats, free: 2, issued: seats.issued + 1, last: odd });
    expect((await store.list()).map((row) => row.placement)).toStrictEqual([where]);
  });

  behaves('means by every sequence of writes what core says', async (store) => {
    let sequence = 0;
    await fc.assert(
      fc.asyncProperty(OPERATIONS, (operations) =>
        expectMeaning(store, rowKey(`AROAEXAMPLE:i-${sequence++}`, 0), operations),
      ),
      { numRuns: 100 },
    );
  });
}
