import { describe, expect, it } from 'vitest';
import { bytesToHex } from '../../../core/text.ts';

describe('bytesToHex', () => {
  it('writes two lower-case digits a byte', () => {
    expect(bytesToHex(Uint8Array.of(0, 10, 255))).toBe('000aff');
    expect(bytesToHex(new Uint8Array())).toBe('');
  });
});
