import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../../../core/wire/address.ts';
import { classicFamily, encodeClassic } from '../../../core/wire/classic-packet.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { DROP_REASONS } from '../../../core/wire/drop-reasons.ts';
import { encodeForward, encodeRequest } from '../../../core/wire/encode-request.ts';
import { encodeResponse } from '../../../core/wire/encode-response.ts';
import { createFramer } from '../../../core/wire/framer.ts';
import type { Forward, RequestFields, ResponseFields } from '../../../core/wire/packet.ts';
import { fromJsonFields, readVectors, toJsonFields } from '../../support/wire-vectors.ts';
import { hex, toHex } from './builders.ts';

interface Named {
  readonly name: string;
  readonly hex: string;
}
interface RequestVector extends Named {
  readonly readOnly?: true;
  readonly padTo: number;
  readonly signedBytes?: number;
  readonly fields: object;
}
interface ResponseVector {
  readonly name: string;
  readonly hex: string | null;
  readonly readOnly?: true;
  readonly maxBytes?: number;
  readonly given?: object;
  readonly fields: object | null;
}
interface MalformedVector extends Named {
  readonly number: number;
  readonly reason: string;
  readonly expect: 'request' | 'response';
  readonly sourcePort?: number;
  readonly probePorts?: readonly number[];
}

function vectors<Vector>(file: string): readonly Vector[] {
  const { vectors: all } = readVectors<{ vectors: Vector[] }>(file);
  expect(all.length).toBeGreaterThan(5);
  return all;
}

/** The fields of a decoded packet as the files have them. */
function decodedFields(bytes: Uint8Array, role: 'request' | 'response'): object {
  const decoded = decodePacket<'request' | 'response'>(bytes, { expect: role });
  if (!decoded.ok || decoded.packet.kind !== 'extended') return decoded;
  const { kind: _kind, role: _role, length, ...fields } = decoded.packet;
  expect(length).toBe(bytes.length);
  if (!('forward' in fields) || !fields.forward) return toJsonFields(fields);
  const { signed: _signed, ...forward } = fields.forward;
  return toJsonFields({ ...fields, forward });
}

describe('addresses.json', () => {
  const file = readVectors<{
    vectors: { text: string; hex: string; canonical: string }[];
    invalid: string[];
  }>('addresses');

  it.each(file.vectors)('$text', ({ text, hex: bytes, canonical }) => {
    expect(toHex(parseAddress(text)!)).toBe(bytes);
    expect(formatAddress(hex(bytes))).toBe(canonical);
  });

  it.each(file.invalid)('"%s" is no address', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe('classic.json', () => {
  it.each(vectors<Named & { type: number; family: 4 | 6; address: string }>('classic'))('$name', (vector) => {
    const bytes = hex(vector.hex);
    expect(toHex(encodeClassic(hex(vector.address), vector.type))).toBe(vector.hex);
    expect(classicFamily(bytes, vector.type)).toBe(vector.family);
    expect(decodePacket(bytes, { expect: 'response', type: vector.type })).toEqual({
      ok: true,
      packet: { kind: 'classic', family: vector.family, address: hex(vector.address) },
    });
  });
});

describe('requests.json', () => {
  it.each(vectors<RequestVector>('requests'))('$name', (vector) => {
    expect(decodedFields(hex(vector.hex), 'request')).toEqual(vector.fields);
    if (vector.readOnly) return;
    const { forward, ...request } = fromJsonFields<RequestFields & { forward?: Forward }>(vector.fields);
    if (!forward) {
      expect(toHex(encodeRequest(request, { padTo: vector.padTo }))).toBe(vector.hex);
      return;
    }
    const { packet, signed } = encodeForward({ ...request, pick: request.pick as string }, forward);
    expect(signed.length).toBe(vector.signedBytes);
    expect(toHex(signed) + toHex(forward.signature)).toBe(vector.hex);
    expect(packet.length).toBe(vector.hex.length / 2);
  });
});

describe('responses.json', () => {
  it.each(vectors<ResponseVector>('responses'))('$name', (vector) => {
    if (vector.hex !== null) expect(decodedFields(hex(vector.hex), 'response')).toEqual(vector.fields);
    if (vector.readOnly) return;
    const given = fromJsonFields<ResponseFields>(vector.given ?? vector.fields!);
    const encoded = encodeResponse(given, { maxBytes: vector.maxBytes ?? 1_200 });
    expect(encoded.ok ? toHex(encoded.bytes) : null).toBe(vector.hex);
  });
});

describe('malformed.json', () => {
  const all = vectors<MalformedVector>('malformed');

  it.each(all)('$number $reason: $name', (vector) => {
    const { sourcePort, probePorts } = vector;
    const decoded = decodePacket(hex(vector.hex), {
      expect: vector.expect,
      ...(sourcePort !== undefined && { sourcePort }),
      ...(probePorts && { probePorts: (port) => probePorts.includes(port) }),
    });
    expect(decoded).toEqual({ ok: false, reason: vector.reason });
    expect(DROP_REASONS[vector.number - 1]).toBe(vector.reason);
  });

  it('has every reason', () => {
    expect(new Set(all.map(({ reason }) => reason))).toEqual(new Set(DROP_REASONS));
  });
});

describe('framing.json', () => {
  it.each(vectors<{ name: string; chunks: string[]; packets: string[]; reason?: string }>('framing'))(
    '$name',
    (vector) => {
      const framer = createFramer();
      const framed = vector.chunks.map((chunk) => framer.push(hex(chunk)));
      expect(framed.flatMap(({ packets }) => packets).map(toHex)).toEqual(vector.packets);
      expect(framed.at(-1)?.reason).toBe(vector.reason);
    },
  );
});

it('the files are what tools/vectors.ts writes', () => {
  execFileSync(process.execPath, [join(import.meta.dirname, '../../../tools/vectors.ts'), '--check']);
});
