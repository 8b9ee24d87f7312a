import { createHash } from 'node:crypto';
import type { Way } from './table.ts';

/** An address that nobody here has: documentation prefixes of RFC 3849 and RFC 5737, in the family not asked for. */
const OTHER_FAMILY = {
  4: Buffer.from('20010db8000000000000000000000001', 'hex'),
  6: Buffer.from('00000000000000000000ffffc0000201', 'hex'),
} as const;

/** Offset of the value of the nonce: it is the first option of every answer that is written here. */
const NONCE_AT = 23;

/** Whether the answer of this way is to name the server that nobody may ever go to. */
export function isForged(way: Way): boolean {
  return !['answer', 'delay', 'twice', 'slow'].includes(way);
}

/** The bytes that go out for a right answer (a forged one, if `isForged`) to `asked`. The same for the same bytes. */
export function spoil(way: Way, answer: Uint8Array, asked: Uint8Array): Uint8Array {
  switch (way) {
    case 'wrong-nonce':
      return changed(answer, (bytes) => bytes.writeUInt8(bytes[NONCE_AT]! ^ 1, NONCE_AT));
    case 'echo':
      return Uint8Array.from(asked);
    case 'truncated':
      return answer.slice(0, answer.length - 10);
    case 'cut-option':
      return changed(answer.subarray(0, answer.length - 3), (bytes) => bytes.writeUInt16BE(bytes.length, 0));
    case 'repeated-option':
      return repeated(answer);
    case 'garbage':
      return garbage(asked);
    case 'wrong-type':
      return changed(answer, (bytes) => bytes.writeUInt16BE(0x1234, 2));
    case 'wrong-family':
      return changed(answer, (bytes) =>
        OTHER_FAMILY[bytes.subarray(4, 16).toString('hex').endsWith('ffff') ? 4 : 6].copy(bytes, 4),
      );
    case 'classic':
      return Uint8Array.from([0, 8, 0xff, 0xff, ...answer.subarray(16, 20)]);
    default:
      return answer;
  }
}

function changed(from: Uint8Array, change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(from);
  change(bytes);
  return bytes;
}

/** The nonce once more at the end. */
function repeated(answer: Uint8Array): Buffer {
  const bytes = Buffer.concat([answer, answer.subarray(NONCE_AT - 3, NONCE_AT + 8)]);
  bytes.writeUInt16BE(bytes.length, 0);
  return bytes;
}

/** 96 bytes that only look random. */
function garbage(asked: Uint8Array): Buffer {
  const part = (n: number): Buffer => createHash('sha256').update(asked).update(`garbage ${n}`).digest();
  return Buffer.concat([part(0), part(1), part(2)]);
}
