import { describe, expect, it } from 'vitest';
import { createAsked } from '../../../core/suspect/asked.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const NONCE = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

describe('the probes that are out', () => {
  it('are found by their whole nonce for two seconds, until they are answered', () => {
    const asked = createAsked();
    expect(asked.find(NONCE, 0)).toBeUndefined();
    expect(asked.put(NONCE, 'a.0', 100)).toBe(true);
    expect(asked.find(NONCE, 2_099)).toEqual({ id: 'a.0', atMs: 100 });
    expect(asked.find(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 9), 200)).toBeUndefined();
    expect(asked.find(NONCE, 2_100)).toBeUndefined();
    asked.remove(NONCE);
    expect(asked.find(NONCE, 200)).toBeUndefined();
  });

  it('are not overwritten while their answer may still come', () => {
    const asked = createAsked();
    asked.put(NONCE, 'a.0', 100);
    expect(asked.put(NONCE, 'b.0', 2_099)).toBe(false);
    expect(asked.find(NONCE, 2_099)?.id).toBe('a.0');
    expect(asked.put(NONCE, 'b.0', 2_100)).toBe(true);
    expect(asked.find(NONCE, 2_100)?.id).toBe('b.0');
  });

  it('all have room at the rate at which so many servers are probed', () => {
    const asked = createAsked();
    const rng = seededRng(20_261_121);
    asked.reserve(1_000);
    let lost = 0;
    for (let n = 0; n < 10_000; n++) {
      let tries = 0;
      while (tries < 8 && !asked.put(rng.bytes(8), `s-${n % 1_000}.0`, n * 0.9)) tries++;
      if (tries === 8) lost++;
    }
    expect(lost).toBeLessThanOrEqual(5);
  });
});
