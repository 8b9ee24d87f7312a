import type { Signer } from '../ports.ts';
import { MAX_TICKET_BYTES, SIGNATURE_BYTES } from '../wire/limits.ts';
import { base64UrlLength, toBase64Url, writeBase64Url } from './base64url.ts';
import type { Claims } from './claims.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const DOT = 0x2e;
const SIGNATURE_LENGTH = 1 + base64UrlLength(SIGNATURE_BYTES);
/** Bytes of `<base64url of the header>.` of each signer: the same in all of its tickets until its key is another one. */
const headers = new WeakMap<Signer, { readonly kid: string; readonly bytes: Uint8Array }>();
/** Where payloads and tickets are written, one after the other: a signature is made before the next ticket begins. */
const scratch = { payload: new Uint8Array(MAX_TICKET_BYTES), ticket: new Uint8Array(MAX_TICKET_BYTES) };

/**
 * The signed ticket: a JWS in compact form (RFC 7515, section 7.1) with EdDSA (RFC 8037). Throws RangeError if it would
 * be longer than MAX_TICKET_BYTES, which takes names that the configuration does not allow.
 */
export function encodeTicket(claims: Claims, signer: Signer): string {
  return signPayload(JSON.stringify(claims), signer);
}

/** The same of claims that are JSON already. */
export function signPayload(json: string, signer: Signer): string {
  // As bytes from its first character to its last: text is made of it once.
  const header = headerOf(signer);
  const { payload, ticket } = scratch;
  const { read, written } = encoder.encodeInto(json, payload);
  const signedLength = header.length + base64UrlLength(written);
  const length = signedLength + SIGNATURE_LENGTH;
  if (read < json.length || length > MAX_TICKET_BYTES) throw tooLong(json, header.length);
  ticket.set(header);
  writeBase64Url(payload.subarray(0, written), ticket, header.length);
  ticket[signedLength] = DOT;
  writeBase64Url(signer.sign(ticket.subarray(0, signedLength)), ticket, signedLength + 1);
  return decoder.decode(ticket.subarray(0, length));
}

function tooLong(json: string, headerLength: number): RangeError {
  const length = headerLength + base64UrlLength(encoder.encode(json).length) + SIGNATURE_LENGTH;
  return new RangeError(`\`claims\` must make a ticket of at most ${MAX_TICKET_BYTES} bytes, got: ${length}`);
}

function headerOf(signer: Signer): Uint8Array {
  const { kid } = signer;
  const known = headers.get(signer);
  if (known?.kid === kid) return known.bytes;
  const bytes = encoder.encode(`${toBase64Url(encoder.encode(JSON.stringify({ alg: 'EdDSA', kid })))}.`);
  headers.set(signer, { kid, bytes });
  return bytes;
}
