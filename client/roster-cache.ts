import { fieldsOf, isCount, listOf, parseJson, type RosterServer, readRoster } from './http-answers.ts';
import type { SignedPage } from './http-api.ts';

/** Where a client keeps its roster between two runs: a file, the browser's storage. */
export interface RosterStore {
  /** What was saved last; undefined if there is nothing. */
  load(): string | undefined | Promise<string | undefined>;
  save(text: string): void | Promise<void>;
}

/** A public key of the door, as in its JWKS. */
export interface DoorKey {
  readonly kid: string;
  /** base64url of the 32 bytes (RFC 8037). */
  readonly x: string;
}

/** Checks an Ed25519 signature; rejects or false if it does not fit, or if this platform cannot check it. */
export type VerifySignature = (key: DoorKey, data: Uint8Array, signature: Uint8Array) => Promise<boolean> | boolean;

/** Clocks of door and client may differ by so much. */
const LEEWAY_MS = 300_000;

/** What a kept roster is judged by. */
export interface CacheChecks {
  readonly verify: VerifySignature;
  /** Keys that the application brings; without, those kept beside the roster. */
  readonly pinned?: readonly DoorKey[] | undefined;
  readonly maxAgeMs: number;
  readonly wallMs: number;
}

/** The servers that `store` has kept, or why they are worth nothing. */
export async function loadKept(
  store: RosterStore | undefined,
  checks: CacheChecks,
): Promise<readonly RosterServer[] | { readonly problem: string }> {
  const text = await store?.load();
  return text === undefined ? { problem: 'nothing was kept' } : await readCache(text, checks);
}

/** Keeps a roster that was just fetched with the keys of its door, unless it could not be read back. */
export async function saveKept(
  store: RosterStore,
  pages: readonly SignedPage[],
  jwks: string,
  checks: Omit<CacheChecks, 'maxAgeMs'>,
): Promise<void> {
  const text = writeCache(pages, jwks);
  const { pinned = readKeys(jwks) } = checks;
  if (!('problem' in (await readCache(text, { ...checks, pinned, maxAgeMs: Infinity })))) await store.save(text);
}

function writeCache(pages: readonly SignedPage[], jwks: string): string {
  return JSON.stringify({ version: 1, pages, jwks });
}

/**
 * The servers of a kept roster, if every page is signed by one of the keys and none is older than `maxAgeMs`; else why
 * it is worth nothing.
 */
async function readCache(
  text: string,
  options: CacheChecks,
): Promise<readonly RosterServer[] | { readonly problem: string }> {
  const kept = fieldsOf(parseJson(text));
  const pages = listOf(kept['pages']).map(fieldsOf);
  if (kept['version'] !== 1 || pages.length === 0) return { problem: 'not a kept roster' };
  const keys = options.pinned ?? readKeys(kept['jwks']);
  const servers: RosterServer[] = [];
  for (const { body, signature } of pages) {
    if (typeof body !== 'string' || typeof signature !== 'string') return { problem: 'not a kept roster' };
    const signedAtMs = await signedAt(body, signature, keys, options.verify);
    if (typeof signedAtMs === 'string') return { problem: signedAtMs };
    const ageMs = options.wallMs - signedAtMs;
    if (ageMs > options.maxAgeMs || ageMs < -LEEWAY_MS) return { problem: 'expired' };
    servers.push(...(readRoster(parseJson(body))?.servers ?? []));
  }
  return servers;
}

function readKeys(jwks: unknown): DoorKey[] {
  const { keys } = fieldsOf(typeof jwks === 'string' ? parseJson(jwks) : undefined);
  return listOf(keys).flatMap((key) => {
    const { kid, x, crv } = fieldsOf(key);
    return typeof kid === 'string' && typeof x === 'string' && crv === 'Ed25519' ? [{ kid, x }] : [];
  });
}

/** Wall time of the signature in ms, or what is wrong with it (RFC 7515, appendix F). */
async function signedAt(
  body: string,
  jws: string,
  keys: readonly DoorKey[],
  verify: VerifySignature,
): Promise<number | string> {
  const [head = '', middle, tail = ''] = jws.split('.');
  const headBytes = fromBase64Url(head);
  const signature = fromBase64Url(tail);
  const { alg, kid, typ, iat } = fieldsOf(headBytes && parseJson(new TextDecoder().decode(headBytes)));
  if (middle !== '' || !signature || alg !== 'EdDSA' || typ !== 'roster' || !isCount(iat)) return 'not a signature';
  const key = keys.find((each) => each.kid === kid);
  if (!key) return 'signed by an unknown key';
  const content = toBase64Url(new TextEncoder().encode(body));
  const data = new TextEncoder().encode(`${head}.${content}`);
  try {
    return (await verify(key, data, signature)) ? iat * 1_000 : 'forged';
  } catch {
    return 'signatures cannot be checked here';
  }
}

/** Both ways through the platform's own base64, which every browser and Node has. */
function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
