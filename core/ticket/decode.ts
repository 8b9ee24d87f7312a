import { type Refusal, refuse } from '../errors.ts';
import {
  MAX_ALTERNATES,
  MAX_CLIENT_BYTES,
  MAX_NAME_BYTES,
  MAX_SERVER_ID_BYTES,
  MAX_TICKET_BYTES,
  SIGNATURE_BYTES,
} from '../wire/limits.ts';
import { readText } from '../wire/text.ts';
import { fromBase64Url } from './base64url.ts';
import { type Claims, seatId } from './claims.ts';

/** A text that has the form of a ticket. Nothing in it is true before its signature is checked. */
export interface DecodedTicket {
  readonly ok: true;
  readonly kid: string;
  readonly claims: Claims;
  /** The bytes that the signature is over. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * The header byte for byte as the door writes it. So there is no algorithm to choose, no `typ`, no `crit`, and no second
 * spelling of one ticket (RFC 8725, section 3.1).
 */
const HEADER = /^\{"alg":"EdDSA","kid":"([A-Za-z0-9_-]{1,43})"\}$/;
/** A ticket without the claim `v` is of this format, and all that are issued are. */
const TICKET_FORMAT = 1;
const MAX_ISS_BYTES = 24;
const MAX_GEN_BYTES = 32;

const encoder = new TextEncoder();

/** Reads any text at all: gives what it says, or `ticket.malformed` with the first thing that is wrong. Never throws. */
export function decodeTicket(text: string): DecodedTicket | Refusal {
  if (text.length > MAX_TICKET_BYTES) return malformed(`longer than ${MAX_TICKET_BYTES} bytes`);
  const parts = text.split('.');
  if (parts.length !== 3) return malformed('not three parts');
  const header = decodeText(parts[0]!);
  const kid = header === undefined ? undefined : HEADER.exec(header)?.[1];
  if (kid === undefined) return malformed('header');
  const signature = fromBase64Url(parts[2]!);
  if (signature?.length !== SIGNATURE_BYTES) return malformed('signature');
  const payload = decodeText(parts[1]!);
  const claims = payload === undefined ? undefined : parseObject(payload);
  if (claims === undefined) return malformed('claims');
  const wrong = wrongClaim(claims);
  if (wrong !== undefined) return malformed(`claim ${wrong}`);
  const signed = encoder.encode(text.slice(0, text.lastIndexOf('.')));
  return { ok: true, kid, claims: claims as unknown as Claims, signed, signature };
}

function malformed(detail: string): Refusal {
  return refuse('ticket.malformed', { detail });
}

function decodeText(part: string): string | undefined {
  const bytes = fromBase64Url(part);
  return bytes && readText(bytes, 0, bytes.length);
}

/**
 * The object in `json`, or undefined. It must be written as JSON.stringify writes it: no spaces, no needless escapes and
 * no name twice (RFC 7519, section 4), on which parsers disagree.
 */
function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return JSON.stringify(value) === json ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Name of the first claim that is missing or not as Claims has it. */
function wrongClaim(claims: Record<string, unknown>): string | undefined {
  const { aud, gen, seat, iat, exp } = claims;
  if ('v' in claims && claims['v'] !== TICKET_FORMAT) return 'v';
  if (!isText(claims['iss'], MAX_ISS_BYTES)) return 'iss';
  if (!isText(aud, MAX_SERVER_ID_BYTES)) return 'aud';
  if (!isClient(claims['sub'])) return 'sub';
  if (!isWhole(iat, 0)) return 'iat';
  // Not compared with `iat`: the issuer's clock may have been set in between, and neither decides anything.
  if (!isWhole(exp, 0)) return 'exp';
  if (!isText(gen, MAX_GEN_BYTES)) return 'gen';
  if (!isWhole(seat, 1)) return 'seat';
  if (claims['jti'] !== seatId(aud, gen, seat)) return 'jti';
  if (!isText(claims['app'], MAX_NAME_BYTES)) return 'app';
  if ('wld' in claims && !isText(claims['wld'], MAX_NAME_BYTES)) return 'wld';
  if ('grp' in claims && !isText(claims['grp'], MAX_NAME_BYTES)) return 'grp';
  if ('alt' in claims && !isAlternates(claims['alt'])) return 'alt';
  return undefined;
}

function isText(value: unknown, maxBytes: number): value is string {
  return typeof value === 'string' && value !== '' && encoder.encode(value).length <= maxBytes;
}

function isWhole(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

function isClient(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const bytes = fromBase64Url(value);
  return bytes !== undefined && bytes.length >= 1 && bytes.length <= MAX_CLIENT_BYTES;
}

function isAlternates(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= MAX_ALTERNATES &&
    value.every((id) => isText(id, MAX_SERVER_ID_BYTES))
  );
}
