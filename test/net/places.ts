/** Addresses of the NAT lab: documentation ranges (RFC 5737, RFC 3849) and carrier-grade ones (RFC 6598). */

export const PROBE_PORT = 7_000;
export const GAME_PORT = 7_777;
/** One door for each way of answering, in both families. */
export const DOORS = {
  door: ['198.51.100.10', '2001:db8:d::10'],
  server: ['198.51.100.11', '2001:db8:d::11'],
  notify: ['198.51.100.12', '2001:db8:d::12'],
} as const;
export const SERVERS = { one: '203.0.113.31', six: '2001:db8:5::31' } as const;
export const CLIENT = { ipv4: '10.9.1.2', ipv6: '2001:db8:c::2' } as const;
/** What the internet sees of the client's outermost NAT. */
export const PUBLIC = '192.0.2.2';
/** What that NAT sees of the one before it. */
export const CARRIER = '100.64.9.2';
