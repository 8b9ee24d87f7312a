import { describe, expect, it } from 'vitest';
import { encodeRequest } from '../../../core/wire/encode-request.ts';
import { encodeResponse } from '../../../core/wire/encode-response.ts';
import { encodeLeave, readLeaveAnswer } from '../../../core/wire/leave-packet.ts';
import type { ResponseFields } from '../../../core/wire/packet.ts';

const NONCE = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const MAPPED_ZERO = Uint8Array.from({ length: 16 }, (_, at) => (at === 10 || at === 11 ? 255 : 0));

function answer(more: Partial<ResponseFields>, type?: number): Uint8Array {
  const fields = { address: MAPPED_ZERO, nonce: NONCE, server: 'i-a.0', ...more };
  const encoded = encodeResponse(fields, { maxBytes: 1_200, ...(type !== undefined && { type }) });
  if (!encoded.ok) throw new Error(encoded.code);
  return encoded.bytes;
}

describe('the request that gives a seat back', () => {
  it.each([undefined, 0x1234])('is byte for byte that of the codec, of type %s', (type) => {
    const ticket = 'e'.repeat(300);
    const fields = { address: MAPPED_ZERO, nonce: NONCE, ticket, leave: true } as const;
    expect(encodeLeave(NONCE, ticket, type)).toEqual(encodeRequest(fields, type === undefined ? {} : { type }));
  });

  it('takes neither a nonce nor a ticket of a wrong size', () => {
    expect(() => encodeLeave(new Uint8Array(7), 'e')).toThrow(RangeError);
    expect(() => encodeLeave(NONCE, 'e'.repeat(761))).toThrow(RangeError);
  });

  it('is done where the agent answers, refused where it answers with an error', () => {
    expect(readLeaveAnswer(answer({}), NONCE)).toBe('done');
    expect(readLeaveAnswer(answer({ movingMs: 5 }, 0x1234), NONCE, 0x1234)).toBe('done');
    const error = { code: 7, retryAfterMs: 0, reason: 'ticket.forged' };
    expect(readLeaveAnswer(answer({ error, server: undefined }), NONCE)).toBe('refused');
  });

  it('is not answered by another nonce, another type, or bytes that are no packet', () => {
    const good = answer({});
    expect(readLeaveAnswer(answer({ nonce: NONCE.map((byte) => byte + 1) }), NONCE)).toBeUndefined();
    expect(readLeaveAnswer(good, NONCE, 0x1234)).toBeUndefined();
    for (let size = 0; size < good.length; size++) {
      expect(readLeaveAnswer(good.subarray(0, size), NONCE)).toBeUndefined();
      const cut = good.slice(0, size);
      if (size >= 2) cut.set([size >> 8, size & 255]);
      expect(['done', undefined]).toContain(readLeaveAnswer(cut, NONCE));
    }
  });
});
