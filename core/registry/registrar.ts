import { type Placement, type Ports, parseRowKey, serverId } from './row.ts';

/** A machine as EC2 describes it. */
export interface DescribedInstance {
  readonly id: string;
  /** `pending`, `running`, `shutting-down`, `terminated`, `stopping` or `stopped`. */
  readonly state: string;
  readonly publicIpv4?: string;
  readonly ipv6?: string;
  readonly zone: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** What the registrar takes from ONEDOOR_CONFIG. */
export interface RegistrarSettings {
  /** App of machines that no tag gives one. */
  readonly defaultApp: string;
  /** Probe port of slot 0 where no tag gives one. */
  readonly probePort: number;
  /** Most slots of one machine. */
  readonly maxSlots: number;
}

/** What is to be done with a row. */
export type Verdict =
  | { readonly kind: 'place'; readonly placement: Placement }
  | { readonly kind: 'bury' }
  /** Nothing; `reason` is for the operator's log. */
  | { readonly kind: 'leave'; readonly reason: string };

/** World and group of machines that no tag gives one. */
const DEFAULT_NAME = 'main';
const TAG = 'onedoor:';
const PORT_TAG = `${TAG}port:`;
const LABEL_TAG = `${TAG}label:`;
/** Longest name of an app, world or group, and longest text of a label (docs/PROTOCOL.md, options). */
const NAME_BYTES = 32;
/** So that a row stays below 1 KB, one write unit. */
const MAX_LABELS = 8;
const MAX_PORTS = 8;
const MAX_CAPACITY = 1_000_000;
const ID_BYTES = 24;
/** States of EC2 from which no machine comes back. */
const ENDING = ['shutting-down', 'terminated'];

/** The tags of one machine, read with every mistake noted. */
interface TagReader {
  name(tag: string, fallback: string): string;
  integer(tag: string, min: number, max: number, fallback?: number): number;
  ports(slot: number): Ports;
  labels(): Readonly<Record<string, string>>;
}

function isName(value: string): boolean {
  return value !== '' && new TextEncoder().encode(value).length <= NAME_BYTES && !/\p{Cc}/u.test(value);
}

function readTags(tags: Readonly<Record<string, string>>, problems: string[], settings: RegistrarSettings): TagReader {
  const wrong = (tag: string, must: string): void => {
    problems.push(`tag \`${tag}\` must be ${must}, got: ${tags[tag] ?? 'nothing'}.`);
  };
  const integer: TagReader['integer'] = (tag, min, max, fallback) => {
    const value = tags[tag] === undefined ? fallback : /^\d{1,7}$/.test(tags[tag]) ? Number(tags[tag]) : undefined;
    if (value !== undefined && value >= min && value <= max) return value;
    wrong(tag, `a whole number between ${min} and ${max}`);
    return min;
  };
  const named = (prefix: string, most: number): string[] => {
    const found = Object.keys(tags).filter((tag) => tag.startsWith(prefix));
    if (found.length > most) problems.push(`there must be at most ${most} tags \`${prefix}…\`, got: ${found.length}.`);
    return found.sort();
  };
  return {
    integer,
    name(tag, fallback) {
      const value = tags[tag] ?? fallback;
      if (!isName(value)) wrong(tag, `1 to ${NAME_BYTES} bytes of printable text`);
      return value;
    },
    ports(slot) {
      const bases = named(PORT_TAG, MAX_PORTS).map((tag): [string, number] => {
        const role = tag.slice(PORT_TAG.length);
        if (!/^[a-z][a-z0-9-]{0,15}$/.test(role)) wrong(tag, 'named by a role of 1 to 16 characters of a-z, 0-9 and -');
        return [role, integer(tag, 1, 65_535 - slot) + slot];
      });
      const ports = { probe: settings.probePort + slot, ...Object.fromEntries(bases) };
      if (tags[`${PORT_TAG}game`] === undefined) wrong(`${PORT_TAG}game`, 'the port of slot 0');
      return ports;
    },
    labels() {
      const found = named(LABEL_TAG, MAX_LABELS);
      for (const tag of found) {
        if (!isName(tag.slice(LABEL_TAG.length))) wrong(tag, `named by 1 to ${NAME_BYTES} bytes of printable text`);
        if (!isName(tags[tag]!)) wrong(tag, `1 to ${NAME_BYTES} bytes of printable text`);
      }
      return Object.fromEntries(found.map((tag) => [tag.slice(LABEL_TAG.length), tags[tag]!]));
    },
  };
}

function place(machine: string, slot: number, instance: DescribedInstance, settings: RegistrarSettings): Verdict {
  const problems: string[] = [];
  const tags = readTags(instance.tags, problems, settings);
  const slots = tags.integer(`${TAG}slots`, 1, settings.maxSlots, 1);
  if (slot >= slots) problems.push(`the slot must be below the tag \`${TAG}slots\` (${slots}), got: ${slot}.`);
  const placement: Placement = {
    id: serverId(machine, slot),
    ...(instance.publicIpv4 !== undefined && { ipv4: instance.publicIpv4 }),
    ...(instance.ipv6 !== undefined && { ipv6: instance.ipv6 }),
    ports: tags.ports(slot),
    zone: instance.zone,
    app: tags.name(`${TAG}app`, settings.defaultApp),
    world: tags.name(`${TAG}world`, DEFAULT_NAME),
    group: tags.name(`${TAG}group`, DEFAULT_NAME),
    labels: tags.labels(),
    maxCapacity: tags.integer(`${TAG}capacity`, 1, MAX_CAPACITY),
  };
  if (!/^[\x21-\x7e]+$/.test(placement.id) || placement.id.length > ID_BYTES) {
    problems.push(`the server id must be at most ${ID_BYTES} bytes of ASCII, got: ${placement.id}.`);
  }
  if (placement.ipv4 === undefined && placement.ipv6 === undefined) problems.push('the machine has no public address.');
  return problems.length > 0 ? { kind: 'leave', reason: problems.join(' ') } : { kind: 'place', placement };
}

/**
 * What EC2's description of a machine means for one of its rows. Only what EC2 says counts here, never the agent: the
 * machine follows from the row key, whose `aws:userid` IAM checked when the agent wrote it.
 *
 * @param instance undefined: EC2 knows no such machine. It forgets a terminated one after about an hour, and may not
 *   know a new one yet; so a row that was placed before is buried, one that never was is left.
 */
export function judgeRow(
  key: string,
  placedBefore: boolean,
  instance: DescribedInstance | undefined,
  settings: RegistrarSettings,
): Verdict {
  const parts = parseRowKey(key);
  if (!parts) return { kind: 'leave', reason: 'this is no key of a server row.' };
  if (parts.enrolled) return { kind: 'leave', reason: 'the operator enrolled it.' };
  if (!instance) return placedBefore ? { kind: 'bury' } : { kind: 'leave', reason: 'EC2 knows no such machine.' };
  return ENDING.includes(instance.state) ? { kind: 'bury' } : place(parts.machine, parts.slot, instance, settings);
}
