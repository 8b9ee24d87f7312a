import { ByteReader, type ValueFault } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { MAX_DESCRIPTION_BYTES, MAX_INFO_BYTES, MAX_NAME_BYTES, MAX_PACKET_BYTES, MAX_VALUE_BYTES } from './limits.ts';

export interface Participant {
  /** 1..32 bytes of UTF-8. */
  readonly name: string;
  /** What the app tells about a participant (a team, a codec), at most 64 bytes of UTF-8. */
  readonly info: string;
}

/** What is the same on every page of a lobby. */
export interface LobbySummary {
  /** Opaque; pages of different versions do not belong together. */
  readonly version: number;
  readonly app: string;
  /** "" if the app has one world only. */
  readonly world: string;
  readonly sessions: number;
  readonly capacity: number;
}

/** One page of who and what is on a server (docs/PROTOCOL.md, "Lobby page"). */
export interface LobbyPage extends LobbySummary {
  readonly page: number;
  readonly pages: number;
  /** The session in the app's own words (SDP, JSON, ...), at most 512 bytes of UTF-8; on page 0 only. */
  readonly description: string;
  readonly participants: readonly Participant[];
}

export function writeLobbyPage(writer: ByteWriter, page: LobbyPage): void {
  writer.u32('lobbyPage.version', page.version);
  writer.u16('lobbyPage.page', page.page);
  writer.u16('lobbyPage.pages', page.pages);
  writer.u32('lobbyPage.sessions', page.sessions);
  writer.u32('lobbyPage.capacity', page.capacity);
  writer.shortText('lobbyPage.app', page.app, 1, MAX_NAME_BYTES);
  writer.shortText('lobbyPage.world', page.world, 0, MAX_NAME_BYTES);
  const start = writer.at;
  writer.zeroes(2);
  writer.text('lobbyPage.description', page.description, 0, MAX_DESCRIPTION_BYTES);
  writer.closeLength(start, 2);
  for (const participant of page.participants) {
    // Too long already, whatever follows: the packet is refused by its length.
    if (writer.at > MAX_PACKET_BYTES) return;
    writeParticipant(writer, participant);
  }
}

export function readLobbyPage(bytes: Uint8Array, from: number, to: number): LobbyPage | ValueFault {
  const reader = new ByteReader(bytes, from, to);
  const version = reader.u32();
  const page = reader.u16();
  const pages = reader.u16();
  const sessions = reader.u32();
  const capacity = reader.u32();
  const app = reader.shortText(1, MAX_NAME_BYTES);
  const world = reader.shortText(0, MAX_NAME_BYTES);
  const description = reader.text(reader.u16(), 0, MAX_DESCRIPTION_BYTES);
  const participants: Participant[] = [];
  while (reader.at < reader.end) {
    // Bytes after the fields of this version are skipped, as in a roster entry.
    const part = reader.part(reader.u8());
    participants.push({ name: part.shortText(1, MAX_NAME_BYTES), info: part.shortText(0, MAX_INFO_BYTES) });
    reader.note(part.fault);
  }
  return reader.fault ?? { version, page, pages, app, world, sessions, capacity, description, participants };
}

/** Cuts a lobby into pages that fill packets of 1,200 bytes; the description is on page 0. */
export function paginateLobby(
  lobby: LobbySummary & { readonly description: string; readonly participants: readonly Participant[] },
): readonly LobbyPage[] {
  const { description, participants, ...summary } = lobby;
  const writer = new ByteWriter(MAX_VALUE_BYTES * 3);
  const parts: Participant[][] = [[]];
  writeLobbyPage(writer, { ...summary, page: 0, pages: 1, description, participants: [] });
  for (const participant of participants) {
    writeParticipant(writer, participant);
    if (writer.at <= MAX_VALUE_BYTES) {
      parts.at(-1)!.push(participant);
      continue;
    }
    writer.check();
    writer.reset();
    writeLobbyPage(writer, { ...summary, page: 0, pages: 1, description: '', participants: [participant] });
    parts.push([participant]);
  }
  writer.check();
  return parts.map((part, page) => ({
    ...summary,
    page,
    pages: parts.length,
    description: page === 0 ? description : '',
    participants: part,
  }));
}

function writeParticipant(writer: ByteWriter, participant: Participant): void {
  const start = writer.at;
  writer.zeroes(1);
  writer.shortText('lobbyPage.name', participant.name, 1, MAX_NAME_BYTES);
  writer.shortText('lobbyPage.info', participant.info, 0, MAX_INFO_BYTES);
  writer.closeLength(start, 1);
}
