import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ticketKeys } from '../../../adapters/crypto/ticket-keys.ts';
import { createVerifier } from '../../../adapters/crypto/verifier.ts';
import { type Item, rowOfItem } from '../../../adapters/dynamodb/row-item.ts';
import { commandUpdate } from '../../../adapters/dynamodb/row-update.ts';
import { openJournal } from '../../../adapters/journal/journal.ts';
import type { PublicKey, RosterItem } from '../../../core/ports.ts';
import { parseEntry, replay, snapshot } from '../../../core/registry/journal.ts';
import type { JournalEntry, SeatSession } from '../../../core/registry/journal-entry.ts';
import type { RosterEntry } from '../../../core/registry/roster.ts';
import {
  decodeDynamic,
  decodeIndex,
  encodeDynamic,
  encodeIndex,
  type PlacedStatus,
  placedStatus,
} from '../../../core/registry/roster-codec.ts';
import { withKnownRosters } from '../../../core/registry/roster-formats.ts';
import { createRosterReader } from '../../../core/registry/roster-reader.ts';
import { decodeStatic, encodeStatic, staticVersion } from '../../../core/registry/roster-static.ts';
import { toBase64Url } from '../../../core/ticket/base64url.ts';
import { decodeTicket } from '../../../core/ticket/decode.ts';
import { issueTicket, type TicketOrder } from '../../../core/ticket/issue.ts';
import { verifyTicket } from '../../../core/ticket/verify.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { plantTree } from '../../support/temp-tree.ts';

interface Frozen {
  readonly input: {
    readonly servers: readonly RosterEntry[];
    readonly statuses: readonly PlacedStatus[];
    readonly index: readonly { readonly dynamicVersion: number; readonly dynamicAgeMs: number }[];
    readonly ticket: Omit<TicketOrder, 'client'> & { readonly client: string; readonly secret: string };
    readonly journal: {
      readonly gens: readonly string[];
      readonly floor: number;
      readonly used: readonly number[];
      readonly sessions: readonly SeatSession[];
      readonly k: number;
    };
  };
  readonly static: string;
  readonly staticVersion: number;
  readonly dynamic: string;
  readonly index: string;
  readonly ticket: string;
  readonly publicKey: PublicKey;
  readonly journal: readonly string[];
  readonly row: Item;
}

const FILE = join(import.meta.dirname, '../../compat/formats.json');
const frozen = JSON.parse(readFileSync(FILE, 'utf8')) as Frozen;
const { input } = frozen;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const base64 = (value: Uint8Array): string => Buffer.from(value).toString('base64');
const ROW_KEY = input.servers[0]!.key;

/** What this release reads; it may know more than the one before. */
describe('what the release before wrote is read:', () => {
  it('the static shard', () => {
    expect(decodeStatic(bytes(frozen.static))).toEqual(input.servers);
    expect(staticVersion(bytes(frozen.static))).toBe(frozen.staticVersion);
  });

  it('the dynamic shard', () => {
    const shard = decodeDynamic(bytes(frozen.dynamic))!;
    expect(shard.staticVersion).toBe(frozen.staticVersion);
    expect(Array.from({ length: shard.size }, (_, n) => placedStatus(shard, n))).toEqual(input.statuses);
  });

  it('the index', () => {
    expect(decodeIndex(bytes(frozen.index))).toEqual(
      input.index.map((shard) => ({ staticVersion: frozen.staticVersion, ...shard })),
    );
  });

  it('the ticket', () => {
    const verify = createVerifier([frozen.publicKey]);
    const { iss, wallMs, server, seat } = input.ticket;
    expect(verifyTicket(frozen.ticket, { verify, iss, aud: server.id, wallMs })).toMatchObject({
      ok: true,
      claims: { gen: seat.gen, seat: seat.serial },
    });
  });

  it('the journal', () => {
    const entries = frozen.journal.map(parseEntry) as JournalEntry[];
    const { gens, floor, used, sessions, k } = replay(entries);
    expect({ gens, floor, used: [...used].sort(), sessions: [...sessions.values()], k }).toEqual(input.journal);
  });

  it('the row, which says nothing of a version', () => {
    const row = rowOfItem(frozen.row, (problem) => expect.fail(JSON.stringify(problem)));
    expect(row?.placement).toEqual(input.servers[0]?.server);
    expect(row?.seats).toMatchObject({ free: 9, issued: 1_767_225_600_130, sessions: 6, state: 'ready' });
  });
});

/** The same bytes: so the release before can read them. Whoever changes one of these raises its format (OPERATIONS.md). */
describe('what this release writes is what the one before did:', () => {
  it('both shards and the index', () => {
    expect(base64(encodeStatic(input.servers))).toBe(frozen.static);
    expect(base64(encodeDynamic(frozen.staticVersion, input.statuses))).toBe(frozen.dynamic);
    const index = input.index.map((shard) => ({ staticVersion: frozen.staticVersion, ...shard }));
    expect(base64(encodeIndex(index))).toBe(frozen.index);
  });

  it('the ticket', () => {
    const { secret, client, ...order } = input.ticket;
    const { signer } = ticketKeys(text(secret));
    expect(issueTicket({ ...order, client: text(client) }, signer).ticket).toBe(frozen.ticket);
  });

  it('the journal', () => {
    const { used, sessions, ...rest } = input.journal;
    const state = { ...rest, used: new Set(used), sessions: new Map(sessions.map((each) => [each.id, each])) };
    expect(snapshot(state).map((entry) => JSON.stringify(entry))).toEqual(frozen.journal);
  });

  it('the row, with attributes that the one before skips', () => {
    const { ExpressionAttributeNames } = commandUpdate({ kind: 'create', gen: 'a', nowMs: 1 }, '1.0.0');
    const more = Object.values(ExpressionAttributeNames).filter((name) => !(name in frozen.row));
    expect(more.sort()).toEqual(['v', 'version']);
  });
});

describe('what a later release wrote is left alone, and said once:', () => {
  it('a row', () => {
    const problems: string[] = [];
    const report = ({ problem }: { problem: string }) => problems.push(problem);
    expect(rowOfItem({ ...frozen.row, v: { N: '1' } }, report)?.key).toBe(ROW_KEY);
    expect(rowOfItem({ ...frozen.row, v: { N: '2' } }, report)).toBeUndefined();
    expect(problems).toEqual(['`v` must be at most 1, got: {"N":"2"}']);
  });

  it('a ticket', () => {
    const { signer, publicKey } = ticketKeys(text(input.ticket.secret));
    const claims = JSON.parse(Buffer.from(frozen.ticket.split('.')[1]!, 'base64url').toString()) as object;
    const withVersion = (v: number): string => {
      const signed = `${frozen.ticket.split('.')[0]}.${toBase64Url(text(JSON.stringify({ ...claims, v })))}`;
      return `${signed}.${toBase64Url(signer.sign(text(signed)))}`;
    };
    expect(publicKey).toEqual(frozen.publicKey);
    expect(decodeTicket(withVersion(1))).toMatchObject({ ok: true });
    expect(decodeTicket(withVersion(2))).toMatchObject({ code: 'ticket.malformed', detail: 'claim v' });
  });

  it('a journal: the agent goes on as after a reboot, since what it cannot read may be a session', async () => {
    const open = async (line: string) => {
      const dir = plantTree({ 'x.journal': `${frozen.journal.join('\n')}\n${line}\n` });
      const journal = await openJournal({ dir, name: 'x', parse: parseEntry });
      await journal.close();
      return journal;
    };
    expect(await open('{"t":"invented"}')).toMatchObject({
      isDamaged: false,
      entries: frozen.journal.map((entry) => JSON.parse(entry) as object),
    });
    expect(await open('{"t":"invented","v":2}')).toMatchObject({ isDamaged: true, entries: [] });
    expect(await open('{"t":"used","serial":9,"v":2}')).toMatchObject({ isDamaged: true, entries: [] });
  });

  it.each([
    ['the index', 'INDEX'],
    ['a static shard', 'S0'],
    ['a dynamic shard', 'D0'],
  ])('%s of the roster: the last one that could be read goes on', async (_what, changed) => {
    const clock = fakeClock();
    const told: string[] = [];
    const version = { INDEX: 42, S0: frozen.staticVersion, D0: 41 };
    const items = new Map<string, RosterItem>([
      ['INDEX', { name: 'INDEX', version: version.INDEX, body: bytes(frozen.index) }],
      ['S0', { name: 'S0', version: version.S0, body: bytes(frozen.static) }],
      ['D0', { name: 'D0', version: version.D0, body: bytes(frozen.dynamic) }],
    ]);
    const store = withKnownRosters({ readRoster: async (name: string) => items.get(name) }, ({ key }) =>
      told.push(key),
    );
    const reader = createRosterReader({ readRoster: store.readRoster, clock });
    await reader.refresh();
    expect(reader.view().entries).toHaveLength(2);

    const later = bytes(
      changed === 'S0' ? base64(text('{"v":2,"texts":[]}')) : frozen[changed === 'D0' ? 'dynamic' : 'index'],
    );
    if (changed !== 'S0') later[0] = 2;
    const moved = [{ staticVersion: changed === 'S0' ? 7 : frozen.staticVersion, dynamicVersion: 43, dynamicAgeMs: 0 }];
    items.set('INDEX', { name: 'INDEX', version: 43, body: encodeIndex(moved) });
    items.set('D0', { name: 'D0', version: 43, body: encodeDynamic(moved[0]!.staticVersion, input.statuses) });
    items.set(changed, { name: changed, version: 43, body: later });
    for (let n = 0; n < 20; n++) {
      clock.advance(1_000);
      await reader.refresh();
    }
    expect(reader.view().entries).toHaveLength(2);
    expect(told).toEqual([changed]);
  });
});
