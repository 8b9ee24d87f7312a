import type { Signer } from '../ports.ts';
import { MAX_TICKET_BYTES } from '../wire/limits.ts';
import { toBase64Url } from './base64url.ts';
import type { Claims } from './claims.ts';

const encoder = new TextEncoder();
/** `<base64url of the header>.` of each signer: the same in all of its tickets until its key is another one. */
const headers = new WeakMap<Signer, { readonly kid: string; readonly text: string }>();

/**
 * The signed ticket: a JWS in compact form (RFC 7515, section 7.1) with EdDSA (RFC 8037). Throws RangeError if it would
 * be longer than MAX_TICKET_BYTES, which takes names that the configuration does not allow.
 */
export function encodeTicket(claims: Claims, signer: Signer): string {
  const signed = headerOf(signer) + toBase64Url(encoder.encode(JSON.stringify(claims)));
  const ticket = `${signed}.${toBase64Url(signer.sign(encoder.encode(signed)))}`;
  if (ticket.length > MAX_TICKET_BYTES) {
    throw new RangeError(`\`claims\` must make a ticket of at most ${MAX_TICKET_BYTES} bytes, got: ${ticket.length}`);
  }
  return ticket;
}

function headerOf(signer: Signer): string {
  const { kid } = signer;
  const known = headers.get(signer);
  if (known?.kid === kid) return known.text;
  const text = `${toBase64Url(encoder.encode(JSON.stringify({ alg: 'EdDSA', kid })))}.`;
  headers.set(signer, { kid, text });
  return text;
}
