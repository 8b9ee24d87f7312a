import { isIPv4, isIPv6 } from 'node:net';

export interface DoorAddress {
  /** Name or numeric address, an IPv6 address without brackets. */
  readonly host: string;
  /** Probe port of the door, UDP and TCP. */
  readonly port: number;
}

const DEFAULT_PORT = 7000;
/** RFC 1123, section 2.1: labels of letters, digits and inner hyphens; a trailing dot ends the search list. */
const NAME = /^(?=.{1,254}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;

/** `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address; undefined if it is none of them. */
export function parseDoor(text: string): DoorAddress | undefined {
  if (isIPv6(text)) return { host: text, port: DEFAULT_PORT };
  const [, v6, name, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  const host = v6 ?? name;
  const port = digits === undefined ? DEFAULT_PORT : Number(digits);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  if (v6 !== undefined) return isIPv6(v6) ? { host, port } : undefined;
  // "300.1.1.1" would pass as a name and fail as a puzzle much later.
  const isNumeric = /^[0-9.]+$/.test(host);
  return (isNumeric ? isIPv4(host) : NAME.test(host)) ? { host, port } : undefined;
}

/** The host as it stands in a URL. */
export function urlHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
