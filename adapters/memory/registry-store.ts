import type { PublicKey, RegistryStore, RosterItem } from '../../core/ports.ts';
import { applyCommand, applyPlacement, type WriteReply } from '../../core/registry/commands.ts';
import { parseRowKey, type SeatFields, type ServerRow } from '../../core/registry/row.ts';

/**
 * The registry in memory: each write is one step of the event loop, so it is as atomic as a conditional update. It is
 * the reference that the other engines are compared with, and the store of tests and benches.
 */
export function createMemoryStore(): RegistryStore {
  const rows = new Map<string, ServerRow>();
  const roster = new Map<string, RosterItem>();
  let publicKeys: readonly PublicKey[] = [];

  const keep = (key: string, reply: WriteReply): WriteReply => {
    if (reply.ok) rows.set(key, reply.row);
    return reply;
  };

  /** A write that demands an agent, as every update of a living row does (docs/SEATS.md, "Row made anew"). */
  const change = (key: string, next: (row: ServerRow, seats: SeatFields) => ServerRow): WriteReply => {
    const row = rows.get(key);
    return keep(key, row?.seats ? { ok: true, row: next(row, row.seats) } : { ok: false, row });
  };

  return {
    async get(key) {
      return rows.get(key);
    },
    async write(key, command) {
      return keep(key, applyCommand(key, rows.get(key), command));
    },
    async list(machine) {
      const all = [...rows.values()];
      return machine === undefined ? all : all.filter((row) => parseRowKey(row.key)?.machine === machine);
    },
    async place(key, placement) {
      return keep(key, applyPlacement(rows.get(key), placement));
    },
    async enrol(key, placement) {
      return keep(key, { ok: true, row: { ...(rows.get(key) ?? { key, suspect: false }), placement } });
    },
    async bury(key) {
      return change(key, (row, seats) => ({ ...row, seats: { ...seats, state: 'gone' } }));
    },
    async suspect(key, suspect) {
      return change(key, (row) => ({ ...row, suspect }));
    },
    async drain(key, drain) {
      return change(key, ({ drain: _, ...row }) => (drain ? { ...row, drain } : row));
    },
    async move(key, move) {
      return change(key, (row) => ({ ...row, move }));
    },
    async forget(key, beat) {
      const seats = rows.get(key)?.seats;
      return seats?.state === 'gone' && seats.beat === beat && rows.delete(key);
    },
    async readRoster(name) {
      return roster.get(name);
    },
    async writeRoster(item) {
      roster.set(item.name, { ...item, body: item.body.slice() });
    },
    async readKeys() {
      return publicKeys;
    },
    async writeKeys(keys) {
      publicKeys = [...keys];
    },
  };
}
