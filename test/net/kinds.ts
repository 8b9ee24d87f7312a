import type { Filtering, Part } from './lab.ts';
import { CARRIER, PUBLIC, SERVERS } from './places.ts';

/** Many home routers forget a UDP mapping after this time. */
export const UDP_TIMEOUT_MS = 30_000;

type Kind = 'full cone' | 'address-restricted' | 'port-restricted' | 'symmetric';

const FILTERING: Readonly<Record<Kind, Filtering>> = {
  'full cone': 'none',
  'address-restricted': 'address',
  'port-restricted': 'address-port',
  symmetric: 'address-port',
};

export function nat(kind: Kind, address: string = PUBLIC, timeoutMs: number = UDP_TIMEOUT_MS): Part {
  const mapping = kind === 'symmetric' ? 'flow' : 'endpoint';
  return { kind: 'nat', public: address, mapping, filtering: FILTERING[kind], timeoutMs };
}

/** One behind the other: at home, and the carrier's. */
function twoNats(home: Kind, carrier: Kind): readonly Part[] {
  return [nat(home, CARRIER), nat(carrier)];
}

/** What stands before clients, by the names of RFC 3489. */
export const CLIENT_SIDES: readonly (readonly [string, readonly Part[]])[] = [
  ['full cone', [nat('full cone')]],
  ['address-restricted', [nat('address-restricted')]],
  ['port-restricted', [nat('port-restricted')]],
  ['symmetric', [nat('symmetric')]],
  ['full cone behind full cone', twoNats('full cone', 'full cone')],
  ['port-restricted behind full cone', twoNats('port-restricted', 'full cone')],
  ['full cone behind port-restricted', twoNats('full cone', 'port-restricted')],
  ['port-restricted behind port-restricted', twoNats('port-restricted', 'port-restricted')],
  ['port-restricted behind symmetric', twoNats('port-restricted', 'symmetric')],
];

/** A firewall before the servers that lets in only whom they have sent to, or whom the operator's program names. */
export function serverFirewall(filtering: Filtering, allowFile?: string): Part {
  const servers = [SERVERS.one];
  return {
    kind: 'server-firewall',
    filtering,
    timeoutMs: UDP_TIMEOUT_MS,
    servers,
    ...(allowFile !== undefined && { allowFile }),
  };
}

/** The usual home router of IPv6: no translation, and nobody comes in unasked. */
export function ipv6Router(filtering: Filtering): Part {
  return { kind: 'client-firewall', filtering, timeoutMs: UDP_TIMEOUT_MS };
}
