import { describe, expect, it } from 'vitest';
import { DrainWatch } from '../../../agents/drain-watch.ts';
import type { SeatBook } from '../../../core/registry/seat-book.ts';
import { fakeClock } from '../../support/fake-clock.ts';

const HOLD_MS = 10_000;

/** A server of which 5 serials up to 105 are not expired; `used` were shown. */
function aWatch(used: readonly number[]) {
  const clock = fakeClock();
  const said: string[] = [];
  const state = { isDraining: true };
  const image = { issued: 105 } as NonNullable<SeatBook['image']>;
  const book = { floor: 100, used: new Set(used), image } as unknown as SeatBook;
  const watch = new DrainWatch({
    isDraining: () => state.isDraining,
    book: () => book,
    holdMs: HOLD_MS,
    clock,
    onAcknowledged: () => void said.push('acknowledged'),
  });
  return { watch, clock, said, state };
}

describe('how far a drain has come', () => {
  it('is acknowledged W after the beat that wrote it, as long as a seat taken before may be handed out', () => {
    const { watch, clock, said } = aWatch([101]);
    expect(watch.stage()).toBe('begun');
    clock.advance(2 * HOLD_MS);
    expect(watch.stage()).toBe('begun');
    watch.told('draining');
    expect(watch.stage()).toBe('written');
    clock.advance(HOLD_MS - 1);
    watch.told('draining');
    expect(watch.stage()).toBe('written');
    clock.advance(1);
    expect([watch.stage(), watch.stage(), said]).toEqual(['acknowledged', 'acknowledged', ['acknowledged']]);
  });

  it('is acknowledged by the very beat where every seat was shown', () => {
    const { watch } = aWatch([101, 102, 103, 104, 105, 106]);
    watch.told('draining');
    expect(watch.stage()).toBe('acknowledged');
  });

  it('begins anew when the server was given out in between', () => {
    const { watch, clock, state } = aWatch([]);
    watch.told('draining');
    clock.advance(HOLD_MS);
    expect(watch.stage()).toBe('acknowledged');
    state.isDraining = false;
    watch.told('ready');
    expect(watch.stage()).toBe('no');
    state.isDraining = true;
    expect(watch.stage()).toBe('begun');
    watch.told('draining');
    expect(watch.stage()).toBe('written');
  });
});
