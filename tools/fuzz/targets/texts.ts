import { parseDeployConfig } from '../../../core/config/parse-deploy-config.ts';
import { parseRuntimeConfig } from '../../../core/config/runtime-config.ts';
import { ConfigError } from '../../../core/errors.ts';
import { toBase64Url } from '../../../core/ticket/base64url.ts';
import type { Claims } from '../../../core/ticket/claims.ts';
import { decodeTicket } from '../../../core/ticket/decode.ts';
import { encodeTicket } from '../../../core/ticket/encode.ts';
import { formatAddress, parseAddress } from '../../../core/wire/address.ts';
import { broken, formOf, type Target } from '../target.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const bytesOf = (value: unknown): Uint8Array =>
  encoder.encode(typeof value === 'string' ? value : JSON.stringify(value));

const SIGNER = { kid: 'k', sign: () => new Uint8Array(64) };
const HEADER = toBase64Url(encoder.encode('{"alg":"EdDSA","kid":"k"}'));
const SIGNATURE = toBase64Url(new Uint8Array(64));
const CLAIMS: Claims = {
  iss: 'onedoor',
  aud: 'i-1.0',
  sub: 'cGxheWVyLTE',
  jti: 'i-1.0:a1:7',
  iat: 1_767_225_600,
  exp: 1_767_225_640,
  gen: 'a1',
  seat: 7,
  app: 'arena',
  wld: 'w1',
  grp: 'g1',
  alt: ['i-2.0', 'i-3.0'],
};

function checkTicket(text: string): string {
  const read = decodeTicket(text);
  if (!read.ok) {
    if (read.code !== 'ticket.malformed') throw broken('the refusal must be ticket.malformed', read.code);
    return read.detail ?? read.code;
  }
  const again = decodeTicket(encodeTicket(read.claims, { ...SIGNER, kid: read.kid }));
  if (!again.ok || formOf(again.claims) !== formOf(read.claims)) {
    throw broken(`claims that are read, written and read again must be ${formOf(read.claims)}`, again);
  }
  return 'accepted';
}

/** The bytes as the claims of a ticket: what chance would have to write in base64url. */
function checkClaims(bytes: Uint8Array): string {
  return checkTicket(`${HEADER}.${toBase64Url(bytes)}.${SIGNATURE}`);
}

function checkConfig<T>(parse: (text: string) => T): (bytes: Uint8Array) => string {
  return (bytes) => {
    let config: T;
    try {
      config = parse(decoder.decode(bytes));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (error.problems.length === 0) throw broken('a refusal must say why', error.problems);
      return 'config.invalid';
    }
    const again = parse(JSON.stringify(config));
    if (formOf(again) !== formOf(config)) throw broken(`settings must stay ${formOf(config)}`, again);
    return 'accepted';
  };
}

/** The derived settings that `runtime` may not hold are in what came out: they go before it is read again. */
function readDeployment(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = text;
  }
  return parseDeployConfig(value);
}

function checkAddress(bytes: Uint8Array): string {
  const address = parseAddress(decoder.decode(bytes));
  if (!address) return 'no address';
  if (address.length !== 4 && address.length !== 16) throw broken('an address must have 4 or 16 bytes', address);
  const again = parseAddress(formatAddress(address));
  if (formOf(again) !== formOf(address)) throw broken(`an address must stay ${formOf(address)}`, again);
  return 'accepted';
}

const CLAIM_WORDS = [...Object.keys(CLAIMS), '"', '":', '{}', '[]', 'null', '1e999', '-1', '\\u0000', 'v'];
const CONFIG_WORDS = [
  ...['deployment', 'timing', 'keepalive', 'doors', 'duty', 'groupFallback', 'fleets', 'runtime', 'domain', 'network'],
  ...['vpc', 'assign', 'gateway', 'existingServers', 'slots', 'capacity', 'server', 'ports', 'load', 'policy'],
  ...['"', '":', ',', '{}', '[]', 'null', 'true', '1e999', '-1', '__proto__', 'toString'],
];

export const TEXT_TARGETS: readonly Target[] = [
  {
    name: 'ticket',
    run: (bytes) => checkTicket(decoder.decode(bytes)),
    seeds: [bytesOf(encodeTicket(CLAIMS, SIGNER))],
    maxBytes: 800,
  },
  {
    name: 'claims',
    run: checkClaims,
    seeds: [bytesOf(CLAIMS)],
    maxBytes: 600,
    words: CLAIM_WORDS,
    isJson: true,
  },
  {
    name: 'settings',
    run: checkConfig(parseRuntimeConfig),
    seeds: [
      bytesOf(parseRuntimeConfig(undefined)),
      bytesOf({ duty: 'owner', doors: ['10.0.0.1:8090', '[::1]:8090'], groupFallback: { eu: ['us'] } }),
    ],
    maxBytes: 2_000,
    words: CONFIG_WORDS,
    isJson: true,
  },
  {
    name: 'deployment',
    run: (bytes) => {
      try {
        readDeployment(decoder.decode(bytes));
        return 'accepted';
      } catch (error) {
        if (!(error instanceof ConfigError) || error.problems.length === 0) throw error;
        return 'config.invalid';
      }
    },
    seeds: [
      bytesOf({}),
      bytesOf({
        deployment: 'd',
        domain: { name: 'door.example.com', certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/a' },
        network: { maxAzs: 2 },
        fleets: [{ name: 'a', app: 'arena', min: 1, max: 2, capacity: 4, slots: 2 }],
        existingServers: [{ join: 'b', slots: 1 }],
        runtime: { policy: 'pack', timing: {} },
      }),
    ],
    maxBytes: 2_000,
    words: CONFIG_WORDS,
    isJson: true,
  },
  {
    name: 'address',
    run: checkAddress,
    seeds: ['203.0.113.9', '2001:db8::1', '::ffff:1.2.3.4', '::'].map(bytesOf),
    maxBytes: 60,
    words: ['::', ':', '.', 'ffff', '255', '0'],
  },
];
