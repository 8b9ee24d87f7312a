import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { STATES } from '../../core/registry/roster.ts';
import { type Placement, parseRowKey, type SeatFields, type ServerRow } from '../../core/registry/row.ts';

/**
 * Format of the rows that this version writes, and the newest that it reads (docs/OPERATIONS.md, "Versions of formats").
 * A row without `v` is of format 1.
 */
export const ROW_FORMAT = 1;

/** An item as the API has it. */
export type Item = Readonly<Record<string, AttributeValue>>;

/** A row, or the placement of a row, that cannot be read; nothing in the project writes such a one. */
export interface MalformedRow {
  readonly key: string;
  /** In the shape "`x` must be ..., got: ...". */
  readonly problem: string;
}

class Malformed extends Error {}

function fail(name: string, expected: string, value: unknown): never {
  throw new Malformed(
    `\`${name}\` must be ${expected}, got: ${value === undefined ? 'nothing' : JSON.stringify(value)}`,
  );
}

function text(item: Item, name: string): string {
  return item[name]?.S ?? fail(name, 'a text', item[name]);
}

function optionalText<K extends string>(item: Item, name: K): { readonly [P in K]?: string } {
  return (item[name] === undefined ? {} : { [name]: text(item, name) }) as { readonly [P in K]?: string };
}

/** A count. Larger ones than 2^53 would lose their last digits, so they are no counts. */
function count(item: Item, name: string): number {
  const value = item[name]?.N === undefined ? Number.NaN : Number(item[name].N);
  return Number.isSafeInteger(value) && value >= 0 ? value : fail(name, 'a whole number from 0', item[name]);
}

function map<T>(item: Item, name: string, read: (entries: Item, key: string) => T): Record<string, T> {
  const entries = item[name]?.M ?? fail(name, 'a map', item[name]);
  return Object.fromEntries(Object.keys(entries).map((key) => [key, read(entries, key)]));
}

function seatsOf(item: Item): SeatFields | undefined {
  if (item['gen'] === undefined) return undefined;
  const state = STATES.find((known) => known === item['state']?.S) ?? fail('state', 'a state', item['state']);
  return {
    free: count(item, 'free'),
    issued: count(item, 'issued'),
    beat: count(item, 'beat'),
    gen: text(item, 'gen'),
    last: text(item, 'last'),
    capacity: count(item, 'capacity'),
    state,
    hb: count(item, 'hb'),
    sessions: count(item, 'sessions'),
  };
}

function placementOf(item: Item): Placement | undefined {
  if (item['verified']?.BOOL !== true) return undefined;
  return {
    id: text(item, 'id'),
    ...optionalText(item, 'ipv4'),
    ...optionalText(item, 'ipv6'),
    ports: map(item, 'ports', count),
    zone: text(item, 'zone'),
    app: text(item, 'app'),
    world: text(item, 'world'),
    group: text(item, 'grp'),
    labels: map(item, 'labels', text),
    maxCapacity: count(item, 'maxCapacity'),
  };
}

function attempt<T>(key: string, report: (row: MalformedRow) => void, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    report({ key, problem: error.message });
    return undefined;
  }
}

/**
 * The row that an item holds; unknown attributes are skipped. A row with unreadable seats is reported and skipped as a
 * whole. One with an unreadable placement is reported and counts as not verified: nobody is sent there, and its agent
 * lives on.
 */
export function rowOfItem(item: Item, report: (row: MalformedRow) => void): ServerRow | undefined {
  const key = item['pk']?.S ?? '';
  return attempt(key, report, () => {
    if (!parseRowKey(key)) fail('pk', 'the key of a server row', key);
    if (item['v'] !== undefined && count(item, 'v') > ROW_FORMAT) fail('v', `at most ${ROW_FORMAT}`, item['v']);
    const seats = seatsOf(item);
    const placement = attempt(key, report, () => placementOf(item));
    return {
      key,
      suspect: item['suspect']?.BOOL === true,
      ...(item['drain']?.BOOL === true && { drain: true }),
      ...(item['move']?.M && { move: { count: count(item['move'].M, 'count'), beat: count(item['move'].M, 'beat') } }),
      ...(item['sees']?.SS && { sees: item['sees'].SS }),
      ...(seats && { seats }),
      ...(placement && { placement }),
    };
  });
}

function mapValue<T>(entries: Readonly<Record<string, T>>, value: (entry: T) => AttributeValue): AttributeValue {
  return { M: Object.fromEntries(Object.entries(entries).map(([key, entry]) => [key, value(entry)])) };
}

/** The registrar's attributes; undefined: to be removed. The agent's role may write none of these. */
export function placementAttributes(placement: Placement): Readonly<Record<string, AttributeValue | undefined>> {
  const { ipv4, ipv6 } = placement;
  return {
    id: { S: placement.id },
    ipv4: ipv4 === undefined ? undefined : { S: ipv4 },
    ipv6: ipv6 === undefined ? undefined : { S: ipv6 },
    ports: mapValue(placement.ports, (port) => ({ N: String(port) })),
    zone: { S: placement.zone },
    app: { S: placement.app },
    world: { S: placement.world },
    grp: { S: placement.group },
    labels: mapValue(placement.labels, (label) => ({ S: label })),
    maxCapacity: { N: String(placement.maxCapacity) },
    verified: { BOOL: true },
  };
}
