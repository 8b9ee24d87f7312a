import { ByteReader, type ValueFault } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { MAX_NAME_BYTES, MAX_PACKET_BYTES, MAX_PORTS, MAX_SERVER_ID_BYTES, MAX_VALUE_BYTES } from './limits.ts';
import type { ServerPort } from './server-port.ts';

/** Status numbers of a roster entry, in this order; a reader takes a number it does not know for `gone`. */
const STATES = ['starting', 'ready', 'draining', 'gone'] as const;
const STATE_MASK = 0x0f;
const SUSPECT_BIT = 0x80;
/** Instead of a group's length: the group of the entry before. Rosters come sorted by group, so most entries have it. */
const SAME_GROUP = 0xff;
const HAS_IPV4 = 0x01;
const HAS_IPV6 = 0x02;
const PORTS_SHIFT = 4;
/** Four bits of the shape byte count the ports. */
const MAX_ENTRY_PORTS = MAX_PORTS - 1;

export interface RosterEntry {
  /** Short id, 1..24 bytes. */
  readonly id: string;
  readonly state: (typeof STATES)[number];
  readonly suspect: boolean;
  readonly sessions: number;
  readonly capacity: number;
  /** Seats for the taking. */
  readonly free: number;
  /** "" if the server has no group. */
  readonly group: string;
  /** 4 bytes. */
  readonly ipv4?: Uint8Array | undefined;
  /** 16 bytes. */
  readonly ipv6?: Uint8Array | undefined;
  /** At most 15. */
  readonly ports: readonly ServerPort[];
}

/** One page of the servers of an app and world (docs/PROTOCOL.md, "Roster page"). */
export interface RosterPage {
  /** Opaque; pages of different versions do not belong together. */
  readonly version: number;
  readonly page: number;
  readonly pages: number;
  readonly entries: readonly RosterEntry[];
}

export function writeRosterPage(writer: ByteWriter, page: RosterPage): void {
  writer.u32('rosterPage.version', page.version);
  writer.u16('rosterPage.page', page.page);
  writer.u16('rosterPage.pages', page.pages);
  let before: string | undefined;
  for (const entry of page.entries) {
    // Too long already, whatever follows: the packet is refused by its length.
    if (writer.at > MAX_PACKET_BYTES) return;
    writeEntry(writer, entry, before);
    before = entry.group;
  }
}

export function readRosterPage(bytes: Uint8Array, from: number, to: number): RosterPage | ValueFault {
  const reader = new ByteReader(bytes, from, to);
  const version = reader.u32();
  const page = reader.u16();
  const pages = reader.u16();
  const entries: RosterEntry[] = [];
  while (reader.at < reader.end) {
    const part = reader.part(reader.u8());
    entries.push(readEntry(part, entries.at(-1)?.group));
    reader.note(part.fault);
  }
  return reader.fault ?? { version, page, pages, entries };
}

/**
 * Cuts a roster into pages that fill packets of 1,200 bytes. Entries keep their order; sort them by group first, since a
 * group is spelled once in a row. No entries: one empty page.
 * @param entryBytes room for the entries of a page, for tests and for smaller packets
 */
export function paginateRoster(
  version: number,
  entries: readonly RosterEntry[],
  entryBytes: number = MAX_VALUE_BYTES - 8,
): readonly RosterPage[] {
  const writer = new ByteWriter(MAX_VALUE_BYTES * 2);
  const groups: RosterEntry[][] = [[]];
  for (const entry of entries) {
    const current = groups.at(-1)!;
    writeEntry(writer, entry, current.at(-1)?.group);
    if (writer.at <= entryBytes || current.length === 0) {
      current.push(entry);
      continue;
    }
    writer.check();
    writer.reset();
    writeEntry(writer, entry, undefined);
    groups.push([entry]);
  }
  writer.check();
  return groups.map((part, page) => ({ version, page, pages: groups.length, entries: part }));
}

function writeEntry(writer: ByteWriter, entry: RosterEntry, groupBefore: string | undefined): void {
  const start = writer.at;
  writer.zeroes(1);
  writer.shortText('rosterPage.id', entry.id, 1, MAX_SERVER_ID_BYTES);
  writer.u8('rosterPage.status', STATES.indexOf(entry.state) | (entry.suspect ? SUSPECT_BIT : 0));
  writer.u32('rosterPage.sessions', entry.sessions);
  writer.u32('rosterPage.capacity', entry.capacity);
  writer.u32('rosterPage.free', entry.free);
  if (entry.group === groupBefore) writer.u8('rosterPage.group', SAME_GROUP);
  else writer.shortText('rosterPage.group', entry.group, 0, MAX_NAME_BYTES);
  const count = entry.ports.length;
  if (count > MAX_ENTRY_PORTS) writer.problem('rosterPage.ports', `at most ${MAX_ENTRY_PORTS}`, count);
  const families = (entry.ipv4 ? HAS_IPV4 : 0) | (entry.ipv6 ? HAS_IPV6 : 0);
  writer.u8('rosterPage.shape', families | (Math.min(count, MAX_ENTRY_PORTS) << PORTS_SHIFT));
  if (entry.ipv4) writer.raw('rosterPage.ipv4', entry.ipv4, 4);
  if (entry.ipv6) writer.raw('rosterPage.ipv6', entry.ipv6, 16);
  for (const { role, port } of entry.ports.slice(0, MAX_ENTRY_PORTS)) {
    writer.u8('rosterPage.ports.role', role);
    writer.u16('rosterPage.ports.port', port);
  }
  writer.closeLength(start, 1);
}

/** Bytes after the fields of this version are skipped: a later version may add some. */
function readEntry(reader: ByteReader, groupBefore: string | undefined): RosterEntry {
  const id = reader.shortText(1, MAX_SERVER_ID_BYTES);
  const status = reader.u8();
  const sessions = reader.u32();
  const capacity = reader.u32();
  const free = reader.u32();
  const groupSize = reader.u8();
  if (groupSize === SAME_GROUP && groupBefore === undefined) reader.note('value-size');
  const group = groupSize === SAME_GROUP ? (groupBefore ?? '') : reader.text(groupSize, 0, MAX_NAME_BYTES);
  const shape = reader.u8();
  const ipv4 = shape & HAS_IPV4 ? reader.view(4) : undefined;
  const ipv6 = shape & HAS_IPV6 ? reader.view(16) : undefined;
  const ports = Array.from({ length: shape >> PORTS_SHIFT }, () => ({ role: reader.u8(), port: reader.u16() }));
  const state = STATES[status & STATE_MASK] ?? 'gone';
  return { id, state, suspect: (status & SUSPECT_BIT) !== 0, sessions, capacity, free, group, ipv4, ipv6, ports };
}
