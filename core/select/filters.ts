import { oncePer } from '../once-per.ts';
import type { RosterView } from '../registry/roster.ts';

/** Which servers a request cannot have, beside those of another app. */
export interface ServerFilter {
  /** The server must have an address of this family. */
  readonly family: 4 | 6;
  /** Classic answers carry no port, so that they can name slot 0 alone (docs/PROTOCOL.md section 1). */
  readonly slotZeroOnly: boolean;
  /** Ids of servers that the client lost, or that were tried in vain for this request. */
  readonly avoid: readonly string[];
  /** The server must have each of these labels with this very value. */
  readonly labels?: Readonly<Record<string, string>>;
}

const HAS_IPV4 = 1;
const HAS_IPV6 = 2;
const IS_SLOT_ZERO = 4;

/** The filter as the predicate of PickQuery. */
export function allowedBy(view: RosterView, filter: ServerFilter): (index: number) => boolean {
  const traits = traitsOf(view);
  const needed = (filter.family === 4 ? HAS_IPV4 : HAS_IPV6) | (filter.slotZeroOnly ? IS_SLOT_ZERO : 0);
  const avoided = filter.avoid.map((id) => view.indexOf.get(id)).filter((index) => index !== undefined);
  const labels = Object.entries(filter.labels ?? {});
  // As good as all requests; asked for both servers of each pick.
  if (avoided.length === 0 && labels.length === 0) return (index) => (traits[index]! & needed) === needed;
  return (index) =>
    (traits[index]! & needed) === needed &&
    !avoided.includes(index) &&
    (labels.length === 0 || hasLabels(view.entries[index]!.server.labels, labels));
}

function hasLabels(labels: Readonly<Record<string, string>>, wanted: readonly (readonly [string, string])[]): boolean {
  return wanted.every(([name, value]) => labels[name] === value);
}

/** What never changes about a view's servers, as bits by index: a policy asks for each server that it looks at. */
const traitsOf = oncePer(({ entries }: RosterView) =>
  Uint8Array.from(
    entries,
    ({ server }) =>
      (server.ipv4 === undefined ? 0 : HAS_IPV4) |
      (server.ipv6 === undefined ? 0 : HAS_IPV6) |
      (server.id.endsWith('.0') ? IS_SLOT_ZERO : 0),
  ),
);
