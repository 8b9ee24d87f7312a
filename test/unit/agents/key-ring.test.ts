import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../adapters/system/system-clock.ts';
import { createKeyRing } from '../../../agents/key-ring.ts';
import { aLog, publicKey } from '../../support/agent-scene.ts';

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the public keys', () => {
  it('are read at once, each minute, and soon after a ticket with a key that is not known', async () => {
    const { log, lines } = aLog();
    let reads = 0;
    let keys = [publicKey];
    let isAway = false;
    const readKeys = async () => {
      reads++;
      if (isAway) throw new Error('away');
      return keys;
    };
    const ring = createKeyRing({ readKeys }, systemClock, log);
    ring.start();
    const check = () => ring.verify(publicKey.kid, new Uint8Array(1), new Uint8Array(64));
    await pass(0);
    expect(check()).toBe(false);
    await pass(60_000);
    expect(reads).toBe(2);
    ring.verify('other', new Uint8Array(1), new Uint8Array(64));
    expect(reads).toBe(2);
    await pass(5_000);
    ring.verify('other', new Uint8Array(1), new Uint8Array(64));
    ring.verify('other', new Uint8Array(1), new Uint8Array(64));
    expect(reads).toBe(3);

    isAway = true;
    await pass(120_000);
    expect(check()).toBe(false);
    expect(lines).toEqual(['the public keys cannot be read; going on with the last ones']);
    keys = [];
    isAway = false;
    await pass(5_000);
    expect(check()).toBeUndefined();
    expect(lines).toHaveLength(2);
    ring.stop();
    const last = reads;
    await pass(120_000);
    expect(reads).toBe(last);
  });
});
