import { describe, expect, it } from 'vitest';
import { type DecodeOptions, decodePacket } from '../../../core/wire/decode.ts';
import { DROP_REASONS, type DropReason } from '../../../core/wire/drop-reasons.ts';
import { NONCE_OPTION, rawPacket } from './builders.ts';

type Option = readonly [code: number, value: Uint8Array | string];

/** A packet under construction: each fault changes one thing of a good one, so that faults can be combined. */
interface Draft {
  options: Option[];
  /** Changes of the finished bytes, in the order in which they must happen. */
  edits: { readonly order: number; readonly edit: (bytes: Uint8Array) => Uint8Array }[];
  decode: DecodeOptions<'request'> & { sourcePort: number };
}

function aDraft(): Draft {
  return {
    options: [NONCE_OPTION, [0x02, 'arena']],
    edits: [],
    decode: { expect: 'request', sourcePort: 40_000, probePorts: (port) => port === 7000 },
  };
}

function setLength(bytes: Uint8Array): Uint8Array {
  return bytes.with(0, bytes.length >>> 8).with(1, bytes.length & 0xff);
}

const FAULTS: Readonly<Record<DropReason, (draft: Draft) => void>> = {
  short: (draft) => draft.edits.push({ order: 3, edit: (bytes) => setLength(bytes.slice(0, 7)) }),
  long: (draft) => draft.options.push([0x40, new Uint8Array(1_200)]),
  'length-mismatch': (draft) => draft.edits.push({ order: 4, edit: (bytes) => bytes.with(1, bytes[1]! ^ 1) }),
  'length-invalid': (draft) => draft.edits.push({ order: 3, edit: (bytes) => setLength(bytes.slice(0, 25)) }),
  'wrong-type': (draft) => draft.edits.push({ order: 1, edit: (bytes) => bytes.with(2, 0x12) }),
  // A code and a length of one byte, and then nothing.
  'option-past-end': (draft) =>
    draft.edits.push({ order: 2, edit: (bytes) => setLength(Uint8Array.from([...bytes, 0x41, 0, 1])) }),
  'too-many-options': (draft) => {
    for (let code = 0x50; code < 0x50 + 16; code++) draft.options.push([code, '']);
  },
  'option-repeated': (draft) => draft.options.push([0x02, 'other']),
  'value-size': (draft) => draft.options.push([0x08, new Uint8Array(19)]),
  'not-utf8': (draft) => draft.options.push([0x06, Uint8Array.of(0xff)]),
  'no-nonce': (draft) => {
    draft.options = draft.options.filter(([code]) => code !== 0x01);
    // Stays long enough to be an extended packet.
    draft.options.push([0x42, 'padding']);
  },
  'wrong-role': (draft) => draft.options.push([0x81, 'i-1.0']),
  'probe-port': (draft) => {
    draft.decode = { ...draft.decode, sourcePort: 7000 };
  },
  'forward-not-last': (draft) => draft.options.push([0x0f, new Uint8Array(85)], [0x43, '']),
};

/** Faults in options that a packet of 7 or 25 bytes has no room for. */
const NEEDS_OPTIONS: readonly DropReason[] = [
  'too-many-options',
  'option-repeated',
  'value-size',
  'not-utf8',
  'no-nonce',
  'wrong-role',
  'forward-not-last',
];

function build(draft: Draft): Uint8Array {
  const edits = [...draft.edits].sort((one, other) => one.order - other.order);
  return edits.reduce((bytes, { edit }) => edit(bytes), rawPacket(draft.options));
}

function reasonFor(...faults: readonly DropReason[]): DropReason | 'accepted' {
  const draft = aDraft();
  for (const fault of faults) FAULTS[fault](draft);
  const decoded = decodePacket(build(draft), draft.decode);
  return decoded.ok ? 'accepted' : decoded.reason;
}

function canMeet(one: DropReason, other: DropReason): boolean {
  const cuts = (reason: DropReason) => reason === 'short' || reason === 'length-invalid';
  const tooMuch = (reason: DropReason) => reason === 'long' || NEEDS_OPTIONS.includes(reason);
  if (cuts(one) && cuts(other)) return false;
  return !((cuts(one) && tooMuch(other)) || (cuts(other) && tooMuch(one)));
}

describe('reading a packet, in this exact order', () => {
  it('accepts the packet that the faults are made from', () => {
    expect(reasonFor()).toBe('accepted');
  });

  for (const [index, reason] of DROP_REASONS.entries()) {
    it(`item ${index + 1}: ${reason}`, () => {
      expect(reasonFor(reason)).toBe(reason);
    });
  }

  for (const [index, earlier] of DROP_REASONS.entries()) {
    for (const later of DROP_REASONS.slice(index + 1)) {
      if (!canMeet(earlier, later)) continue;
      it(`${earlier} hides ${later}, whichever stands first`, () => {
        expect(reasonFor(earlier, later)).toBe(earlier);
        expect(reasonFor(later, earlier)).toBe(earlier);
      });
    }
  }
});

describe('borders of the items', () => {
  it('takes a packet of 1,200 bytes and no byte more', () => {
    const room = 1_200 - 20 - 11 - 3;
    const read = (size: number) =>
      decodePacket(rawPacket([NONCE_OPTION, [0x40, new Uint8Array(size)]]), { expect: 'request' });
    expect(read(room).ok).toBe(true);
    expect(read(room + 1)).toEqual({ ok: false, reason: 'long' });
  });

  it('takes 16 options and not 17', () => {
    const read = (count: number) => {
      const options = Array.from({ length: count - 1 }, (_, index): Option => [0x50 + index, '']);
      return decodePacket(rawPacket([NONCE_OPTION, ...options]), { expect: 'request' });
    };
    expect(read(16).ok).toBe(true);
    expect(read(17)).toEqual({ ok: false, reason: 'too-many-options' });
  });

  it('notices a repeated option by its code, for every code and no other', () => {
    // One byte of value: what the table does not allow comes later in the list.
    const reason = (one: number, other: number) => {
      const decoded = decodePacket(
        rawPacket([
          [one, 'a'],
          [0x70, 'between'],
          [other, 'b'],
        ]),
        { expect: 'request' },
      );
      return decoded.ok ? undefined : decoded.reason;
    };
    for (let one = 0; one < 256; one++) {
      // Only codes with the same low bits could be taken for one another.
      for (let other = one & 31; other < 256; other += 32) {
        const repeats = one === other || one === 0x70 || other === 0x70;
        if ((reason(one, other) === 'option-repeated') !== repeats) expect.fail(`codes ${one} and ${other}`);
      }
    }
  });

  it('rejects every Length between the shapes', () => {
    for (const size of [9, 12, 19, 21, 30]) {
      const bytes = setLength(Uint8Array.from([0, 0, 0xff, 0xff, ...new Uint8Array(size - 4)]));
      expect(decodePacket(bytes, { expect: 'request' }), `${size}`).toEqual({ ok: false, reason: 'length-invalid' });
    }
  });

  it('sees an option header that the packet has no room for', () => {
    const whole = rawPacket([NONCE_OPTION, [0x40, '']]);
    for (const cut of [1, 2]) {
      const bytes = setLength(whole.slice(0, whole.length - cut));
      expect(decodePacket(bytes, { expect: 'request' })).toEqual({ ok: false, reason: 'option-past-end' });
    }
  });

  it('drops a request where a response is read', () => {
    expect(decodePacket(rawPacket([NONCE_OPTION]), { expect: 'response' })).toEqual({
      ok: false,
      reason: 'wrong-role',
    });
  });

  it('takes an option of 0x80 or more for the mark of a response even when it does not know it', () => {
    expect(decodePacket(rawPacket([NONCE_OPTION, [0x80, '']]), { expect: 'request' })).toEqual({
      ok: false,
      reason: 'wrong-role',
    });
  });

  it('reads answers from probe ports, where they come from', () => {
    const bytes = rawPacket([NONCE_OPTION, [0x81, 'i-1.0']]);
    const options = { expect: 'response', sourcePort: 7000, probePorts: () => true } as const;
    expect(decodePacket(bytes, options).ok).toBe(true);
  });

  it('drops classic packets from probe ports too', () => {
    const bytes = Uint8Array.of(0, 8, 0xff, 0xff, 1, 2, 3, 4);
    const options = { expect: 'request', sourcePort: 7001, probePorts: (port: number) => port >= 7000 } as const;
    expect(decodePacket(bytes, options)).toEqual({ ok: false, reason: 'probe-port' });
  });
});
