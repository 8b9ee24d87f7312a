import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The golden vectors of the wire format: hex strings and fields, the same files for the SDK of every language. */
export const VECTORS = join(import.meta.dirname, '../vectors');

/** Fields that are bytes, hex in the files; every other string is text. */
const BYTE_FIELDS: ReadonlySet<string> = new Set([
  'address',
  'nonce',
  'client',
  'cookie',
  'otherAddress',
  'ipv4',
  'ipv6',
  'signature',
]);

export function readVectors<File>(name: string): File {
  return JSON.parse(readFileSync(join(VECTORS, `${name}.json`), 'utf8')) as File;
}

/** Fields as the files have them: bytes as hex, nothing that is undefined. */
export function toJsonFields(fields: object): object {
  return JSON.parse(
    JSON.stringify(fields, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    ),
  ) as object;
}

/** The reverse of `toJsonFields`. */
export function fromJsonFields<Fields>(fields: object): Fields {
  return JSON.parse(JSON.stringify(fields), (key, value: unknown) =>
    BYTE_FIELDS.has(key) && typeof value === 'string' ? Uint8Array.from(Buffer.from(value, 'hex')) : value,
  ) as Fields;
}
