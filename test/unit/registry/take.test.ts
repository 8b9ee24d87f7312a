import { describe, expect, it } from 'vitest';
import { applyCommand, type TakeCommand } from '../../../core/registry/commands.ts';
import type { ServerRow } from '../../../core/registry/row.ts';
import { readTakeReply } from '../../../core/registry/take.ts';
import { DEFAULT_TIMING } from '../../../core/registry/timing.ts';
import { aRow, KEY, MINE, W } from './books.ts';

const SENT_MS = 1_000;
const aTake = (token: string, k = 3): TakeCommand => ({ kind: 'take', k, token });
const land = (row: ServerRow | undefined, command: TakeCommand) => applyCommand(KEY, row, command);
const read = (command: TakeCommand, reply: ReturnType<typeof land>, nowMs = SENT_MS + 1) =>
  readTakeReply(command, reply, SENT_MS, nowMs, DEFAULT_TIMING);

describe('the reply to a take', () => {
  it('gives the serials that end at issued, of the life in the row, until W after sending', () => {
    const row = land(aRow(), aTake('t1')).row as ServerRow;
    expect(read(aTake('t1'), { ok: true, row })).toEqual({
      ok: true,
      seats: { gen: MINE, first: 101, last: 103, usableUntilMs: SENT_MS + W },
      row,
    });
  });

  it('gives the same seats when it is the echo of a write whose reply was lost, even if nothing is free any more', () => {
    const landed = land(aRow({ free: 3 }), aTake('t1')).row as ServerRow;
    const echo = land(landed, aTake('t1'));
    expect(echo.ok).toBe(false);
    expect(read(aTake('t1'), echo)).toMatchObject({ ok: true, seats: { first: 101, last: 103 } });
  });

  it('gives the same seats when the server began to drain in between', () => {
    const landed = land(aRow(), aTake('t1')).row as ServerRow;
    const draining: ServerRow = { ...landed, seats: { ...landed.seats!, state: 'draining', beat: 51 } };
    expect(read(aTake('t1'), land(draining, aTake('t1')))).toMatchObject({
      ok: true,
      seats: { first: 101, last: 103 },
    });
  });

  it('names the life that the row has now: seats of a life before count by its floor', () => {
    const landed = land(aRow(), aTake('t1')).row as ServerRow;
    const claimed: ServerRow = { ...landed, seats: { ...landed.seats!, gen: 'next', beat: 51 } };
    expect(read(aTake('t1'), land(claimed, aTake('t1')))).toMatchObject({
      ok: true,
      seats: { gen: 'next', last: 103 },
    });
  });

  it('gives seats of its own to a retry whose token was overwritten: the first ones are lost, none is given twice', () => {
    const first = land(aRow(), aTake('t1')).row as ServerRow;
    const other = land(first, aTake('t2', 1)).row as ServerRow;
    const retry = land(other, aTake('t1'));
    expect(retry).toMatchObject({ ok: true, row: { seats: { free: 3, issued: 107 } } });
    expect(read(aTake('t1'), retry)).toMatchObject({ ok: true, seats: { first: 105, last: 107 } });
  });

  it('refuses with the row to learn from where the take was refused', () => {
    const full = aRow({ free: 2, last: 't0' });
    expect(read(aTake('t1'), land(full, aTake('t1')))).toEqual({ ok: false, code: 'assign.no-capacity', row: full });
    expect(read(aTake('t1'), land(undefined, aTake('t1')))).toEqual({
      ok: false,
      code: 'assign.no-capacity',
      row: undefined,
    });
  });

  it('forgets the seats when it comes W after the first sending, landed or echoed', () => {
    const landed = land(aRow(), aTake('t1'));
    const row = landed.row as ServerRow;
    const late = { ok: false, code: 'assign.unavailable', row };
    expect(read(aTake('t1'), landed, SENT_MS + W)).toMatchObject(late);
    expect(read(aTake('t1'), land(row, aTake('t1')), SENT_MS + W)).toMatchObject(late);
    expect(read(aTake('t1'), landed, SENT_MS + W - 1)).toMatchObject({ ok: true });
  });
});
