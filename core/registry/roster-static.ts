import type { RosterEntry } from './roster.ts';
import type { Placement, Ports } from './row.ts';
import { parseRowKey, serverId } from './row.ts';

/** As JSON: texts that many servers share stand once, in `texts`, `ports` and `labels`, and entries name their places. */
interface Packed {
  readonly v: 1;
  readonly texts: readonly string[];
  readonly ports: readonly Ports[];
  readonly labels: readonly Readonly<Record<string, string>>[];
  /** key, id ('' if it follows from the key), ipv4, ipv6 ('' for none), zone, app, world, group, ports, labels, maxCapacity */
  readonly servers: readonly PackedServer[];
}

/** How every static shard of this format begins. */
export const STATIC_START = '{"v":1,';

type PackedServer = readonly [string, string, string, string, number, number, number, number, number, number, number];

interface Table<T> {
  readonly values: T[];
  place(value: T): number;
}

function table<T>(nameOf: (value: T) => string): Table<T> {
  const values: T[] = [];
  const places = new Map<string, number>();
  return {
    values,
    place(value) {
      const name = nameOf(value);
      const known = places.get(name);
      if (known !== undefined) return known;
      places.set(name, values.length);
      return values.push(value) - 1;
    },
  };
}

function idFromKey(key: string): string | undefined {
  const parts = parseRowKey(key);
  return parts && serverId(parts.machine, parts.slot);
}

/** The places of an entry in the tables, as digits, at most. */
const PLACES_BYTES = 40;

/** Most bytes that an entry can add to a shard: as if it shared no text with another. */
export function staticBytes({ key, server }: RosterEntry): number {
  return new TextEncoder().encode(JSON.stringify([key, ...Object.values(server)])).length + PLACES_BYTES;
}

export function encodeStatic(entries: readonly RosterEntry[]): Uint8Array {
  const texts = table<string>((text) => text);
  const ports = table<Ports>((value) => JSON.stringify(value));
  const labels = table<Readonly<Record<string, string>>>((value) => JSON.stringify(value));
  const servers = entries.map(
    ({ key, server }): PackedServer => [
      key,
      server.id === idFromKey(key) ? '' : server.id,
      server.ipv4 ?? '',
      server.ipv6 ?? '',
      texts.place(server.zone),
      texts.place(server.app),
      texts.place(server.world),
      texts.place(server.group),
      ports.place(server.ports),
      labels.place(server.labels),
      server.maxCapacity,
    ],
  );
  const packed: Packed = { v: 1, texts: texts.values, ports: ports.values, labels: labels.values, servers };
  return new TextEncoder().encode(JSON.stringify(packed));
}

function at<T>(values: readonly T[], place: number): T {
  const value = values[place];
  if (value === undefined) throw new RangeError(`there is no place ${place}`);
  return value;
}

function unpack(packed: Packed, server: PackedServer): RosterEntry {
  const [key, id, ipv4, ipv6, zone, app, world, group, ports, labels, maxCapacity] = server;
  return {
    key,
    server: {
      id: id === '' ? (idFromKey(key) ?? key) : id,
      ...(ipv4 !== '' && { ipv4 }),
      ...(ipv6 !== '' && { ipv6 }),
      ports: at(packed.ports, ports),
      zone: at(packed.texts, zone),
      app: at(packed.texts, app),
      world: at(packed.texts, world),
      group: at(packed.texts, group),
      labels: at(packed.labels, labels),
      maxCapacity,
    },
  };
}

/** undefined: not a static shard that this version can read. Only the roster writer's role can write one. */
export function decodeStatic(bytes: Uint8Array): readonly RosterEntry[] | undefined {
  try {
    const packed = JSON.parse(new TextDecoder().decode(bytes)) as Packed;
    return packed.v === 1 ? packed.servers.map((server) => unpack(packed, server)) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The version of a static shard: a hash of its bytes, so that the same servers have the same version whoever wrote
 * them and nothing is written twice. 53 bits: FNV-1a (32 bit), and below it 21 bits of the same walk with another odd
 * multiplier. It has to tell versions apart, not to withstand anybody.
 */
export function staticVersion(bytes: Uint8Array): number {
  let high = 0x811c9dc5;
  let low = 0x2545f491;
  for (const byte of bytes) {
    high = Math.imul(high ^ byte, 0x01000193);
    low = Math.imul(low ^ byte, 0x5bd1e995);
  }
  return (high >>> 0) * 2 ** 21 + (low >>> 11);
}

function sameRecord<T>(a: Readonly<Record<string, T>>, b: Readonly<Record<string, T>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** Whether two placements say the same. */
export function samePlacement(a: Placement, b: Placement): boolean {
  return (
    a.id === b.id &&
    a.ipv4 === b.ipv4 &&
    a.ipv6 === b.ipv6 &&
    a.zone === b.zone &&
    a.app === b.app &&
    a.world === b.world &&
    a.group === b.group &&
    a.maxCapacity === b.maxCapacity &&
    sameRecord(a.ports, b.ports) &&
    sameRecord(a.labels, b.labels)
  );
}
