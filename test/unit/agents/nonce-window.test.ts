import { describe, expect, it } from 'vitest';
import { NonceWindow } from '../../../agents/nonce-window.ts';

describe('nonces that were used', () => {
  it('are known for their time and new again after it', () => {
    const window = new NonceWindow(100, 10);
    expect(window.take('a', 0)).toBeUndefined();
    expect(window.take('a', 99)).toBe('replayed');
    expect(window.take('a', 100)).toBeUndefined();
  });

  it('are never forgotten early: when there is no room, new ones wait', () => {
    const window = new NonceWindow(100, 2);
    window.take('a', 0);
    window.take('b', 50);
    expect(window.take('c', 60)).toBe('busy');
    expect(window.take('a', 60)).toBe('replayed');
    expect(window.take('c', 100)).toBeUndefined();
  });
});
