import { describe, expect, it } from 'vitest';
import { type Participant, paginateLobby } from '../../../core/wire/lobby-page.ts';
import { paginateRoster, type RosterEntry, type RosterPage } from '../../../core/wire/roster-page.ts';
import { expectCodec } from '../../support/expect-codec.ts';
import {
  aLobbyPage,
  anEntry,
  aResponse,
  decodeResponse,
  hex,
  ip,
  mustEncode,
  NONCE_OPTION,
  packetCodec,
  rawPacket,
} from './builders.ts';

function rosterValue(entries: string): Uint8Array {
  return hex(`00000007 0000 0001 ${entries}`);
}

function readRoster(entries: string) {
  const decoded = decodeResponse(rawPacket([NONCE_OPTION, [0x87, rosterValue(entries)]]));
  if (!decoded.ok) return decoded.reason;
  return decoded.packet.kind === 'extended' ? decoded.packet.rosterPage?.entries : undefined;
}

function readLobby(value: string) {
  const decoded = decodeResponse(rawPacket([NONCE_OPTION, [0x88, hex(value)]]));
  if (!decoded.ok) return decoded.reason;
  return decoded.packet.kind === 'extended' ? decoded.packet.lobbyPage : undefined;
}

function expectPage(page: Partial<{ rosterPage: RosterPage; lobbyPage: ReturnType<typeof aLobbyPage> }>) {
  const packet = { kind: 'extended', role: 'response', length: 0, ...aResponse(page) } as const;
  expectCodec(packetCodec('response'), { packet, padTo: 0 });
}

// id "a", ready, sessions 1, capacity 2, free 1: what every hand-made entry starts with.
const HEAD = '01 61 01 00000001 00000002 00000001';

describe('roster page', () => {
  it('carries every state, suspicion, families and ports there and back', () => {
    const entries: RosterEntry[] = [
      anEntry({ id: 'a', state: 'starting', suspect: true, group: '' }),
      anEntry({ id: 'b', state: 'draining', ipv4: undefined, ipv6: ip('2001:db8::1') }),
      anEntry({ id: 'c', state: 'gone', ipv4: undefined, ports: [] }),
      anEntry({ id: 'd'.repeat(24), ipv6: ip('2001:db8::2'), group: 'g'.repeat(32) }),
      anEntry({ sessions: 0xffffffff, ports: Array.from({ length: 15 }, (_, role) => ({ role, port: 65_535 })) }),
    ];
    expectPage({ rosterPage: { version: 0xfedcba98, page: 2, pages: 3, entries } });
  });

  it('may be empty', () => {
    expectPage({ rosterPage: { version: 0, page: 0, pages: 1, entries: [] } });
  });

  it('spells a group once for entries in a row', () => {
    const size = (groups: readonly string[]) => {
      const entries = groups.map((group) => anEntry({ group }));
      return mustEncode(aResponse({ rosterPage: { version: 1, page: 0, pages: 1, entries } })).length;
    };
    expect(size(['eu', 'eu', 'us'])).toBe(size(['eu', 'us', 'eu']) - 2);
  });

  it('lets a later version add fields to an entry', () => {
    expect(readRoster(`17 ${HEAD} 00 01 cb007109 beef`)).toMatchObject([{ id: 'a', ipv4: ip('203.0.113.9') }]);
  });

  it('takes a state that it does not know for one that nobody may choose', () => {
    expect(readRoster('11 01 61 0e 00000001 00000002 00000001 00 00')).toMatchObject([{ state: 'gone' }]);
  });

  it.each([
    ['an entry past the page', `12 ${HEAD} 00 00`],
    ['an entry without an end to its id', '03 18 61 62'],
    ['an empty id', `10 00 01 00000001 00000002 00000001 00 00`],
    ['an entry without addresses that it announces', `11 ${HEAD} 00 01`],
    ['an entry without ports that it announces', `11 ${HEAD} 00 10`],
    ['an entry of no bytes', '00'],
    ['a first entry that repeats a group', `11 ${HEAD} ff 00`],
    ['a group of 33 bytes', `32 ${HEAD} 21 ${'67'.repeat(33)} 00`],
  ])('is dropped with %s', (_, entries) => {
    expect(readRoster(entries)).toBe('value-size');
  });

  it('is dropped with an id that is not UTF-8, unless a size is wrong too', () => {
    const bad = '11 01 ff 01 00000001 00000002 00000001 00 00';
    expect(readRoster(bad)).toBe('not-utf8');
    expect(readRoster(`${bad} 00`)).toBe('value-size');
  });

  it('names what cannot be written', () => {
    const entry = anEntry({ id: '', capacity: -1, ipv4: ip('::1'), ports: Array(16).fill({ role: 0, port: 1 }) });
    const write = () => mustEncode(aResponse({ rosterPage: { version: -1, page: 0, pages: 1, entries: [entry] } }));
    expect(write).toThrow(
      [
        '`rosterPage.version` must be an integer of 0..4294967295, got: -1',
        '`rosterPage.id` must be 1..24 bytes of UTF-8, got: 0 characters',
        '`rosterPage.capacity` must be an integer of 0..4294967295, got: -1',
        '`rosterPage.ports` must be at most 15, got: 16',
        '`rosterPage.ipv4` must be 4 bytes, got: 16',
      ].join('\n'),
    );
  });
});

describe('a roster cut into pages', () => {
  const entries = Array.from({ length: 100 }, (_, index) =>
    anEntry({ id: `i-0123456789abcdef0.${index}`, group: index < 50 ? 'eu-west' : 'us-east' }),
  );

  it('keeps every entry once and in order', () => {
    const pages = paginateRoster(9, entries);
    expect(pages.flatMap((page) => page.entries)).toEqual(entries);
    expect(pages.map(({ version, page, pages: of }) => [version, page, of])).toEqual(
      pages.map((_, index) => [9, index, pages.length]),
    );
  });

  it('fills packets of 1,200 bytes and never more', () => {
    const pages = paginateRoster(9, entries);
    const sizes = pages.map((rosterPage) => mustEncode(aResponse({ rosterPage })).length);
    const largestEntry = 60;
    for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThan(1_200 - largestEntry);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_200);
  });

  it('starts every page with a group of its own', () => {
    for (const rosterPage of paginateRoster(9, entries)) {
      const decoded = decodeResponse(mustEncode(aResponse({ rosterPage })));
      expect(decoded).toMatchObject({ ok: true, packet: { rosterPage: { entries: rosterPage.entries } } });
    }
  });

  it('is one empty page without servers', () => {
    expect(paginateRoster(3, [])).toEqual([{ version: 3, page: 0, pages: 1, entries: [] }]);
  });

  it('names an entry that cannot be written', () => {
    expect(() => paginateRoster(1, [...entries, anEntry({ id: '' }), ...entries])).toThrow('`rosterPage.id`');
  });
});

describe('lobby page', () => {
  it('carries description and participants there and back', () => {
    expectPage({ lobbyPage: aLobbyPage() });
  });

  it('carries the longest texts there and back', () => {
    const participants = [{ name: 'n'.repeat(32), info: 'é'.repeat(32) }];
    expectPage({
      lobbyPage: aLobbyPage({ app: 'a'.repeat(32), world: '', description: 'd'.repeat(512), participants }),
    });
  });

  it('lets a later version add fields to a participant', () => {
    const value = '00000001 0000 0001 00000001 00000004 01 61 00 0000 05 01 62 00 beef';
    expect(readLobby(value)).toMatchObject({ app: 'a', world: '', participants: [{ name: 'b', info: '' }] });
  });

  it.each([
    ['an empty app', '00000001 0000 0001 00000001 00000004 00 00 0000 01 61 00'],
    ['a description past the page', '00000001 0000 0001 00000001 00000004 01 61 00 0001'],
    ['a participant without a name', '00000001 0000 0001 00000001 00000004 01 61 00 0000 02 00 00'],
    ['a participant past the page', '00000001 0000 0001 00000001 00000004 01 61 00 0000 04 01 62 00'],
    ['a participant without an info', '00000001 0000 0001 00000001 00000004 01 61 00 0000 02 01 62'],
  ])('is dropped with %s', (_, value) => {
    expect(readLobby(value)).toBe('value-size');
  });

  it('is dropped with a name that is not UTF-8', () => {
    expect(readLobby('00000001 0000 0001 00000001 00000004 01 61 00 0000 03 01 ff 00')).toBe('not-utf8');
  });

  it('names what cannot be written', () => {
    const participants = [{ name: '', info: 'i'.repeat(65) }];
    const write = () =>
      mustEncode(aResponse({ lobbyPage: aLobbyPage({ app: '', description: 'd'.repeat(513), participants }) }));
    expect(write).toThrow(
      [
        '`lobbyPage.app` must be 1..32 bytes of UTF-8, got: 0 characters',
        '`lobbyPage.description` must be 0..512 bytes of UTF-8, got: 513 characters',
        '`lobbyPage.name` must be 1..32 bytes of UTF-8, got: 0 characters',
        '`lobbyPage.info` must be 0..64 bytes of UTF-8, got: 65 characters',
      ].join('\n'),
    );
  });
});

describe('a lobby cut into pages', () => {
  const { page: _page, pages: _pages, ...lobby } = aLobbyPage({ description: 'd'.repeat(512) });
  const participants: Participant[] = Array.from({ length: 200 }, (_, index) => ({
    name: `player ${index}`,
    info: index % 2 === 0 ? 'team=1' : '',
  }));

  it('keeps every participant once and in order, and the description on the first page', () => {
    const pages = paginateLobby({ ...lobby, participants });
    expect(pages.flatMap((page) => page.participants)).toEqual(participants);
    expect(pages.map(({ description }) => description.length)).toEqual([512, ...pages.slice(1).map(() => 0)]);
    expect(pages.map(({ page, pages: of }) => [page, of])).toEqual(pages.map((_, index) => [index, pages.length]));
  });

  it('fills packets of 1,200 bytes and never more', () => {
    const sizes = paginateLobby({ ...lobby, participants }).map(
      (page) => mustEncode(aResponse({ lobbyPage: page })).length,
    );
    for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThan(1_200 - 30);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_200);
  });

  it('is one page without participants', () => {
    expect(paginateLobby({ ...lobby, participants: [] })).toEqual([{ ...lobby, participants: [], page: 0, pages: 1 }]);
  });

  it('names a participant that cannot be written', () => {
    expect(() => paginateLobby({ ...lobby, participants: [{ name: '', info: '' }] })).toThrow('`lobbyPage.name`');
  });
});
