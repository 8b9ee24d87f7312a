import type { ProbeSocket } from '../adapters/udp/probe-socket.ts';
import type { Clock, Rng } from '../core/ports.ts';
import { READY, type RosterView } from '../core/registry/roster.ts';
import { parseRowKey } from '../core/registry/row.ts';
import { CUT_OFF } from '../core/registry/witnesses.ts';
import { createProber, type Prober, type ProberFacts } from '../core/suspect/prober.ts';
import type { Counters } from './counters.ts';
import type { Log } from './log.ts';

export interface PeerOptions {
  /** This machine, as its rows' keys name it. */
  readonly machine: string;
  readonly view: () => RosterView;
  readonly packetType: number;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly counters: Counters;
}

/** Servers of other machines, watched from here (docs/DOORS.md, "Suspicion"). */
export interface PeerSight {
  /** What this machine's row says: ids of servers that are silent, or that this machine is cut off. */
  sees(): readonly string[];
  facts(): ProberFacts;
}

/** A machine watches two or three others: when these die, that may be all of them; a second machine has to agree. */
const LEAST_TO_COMPARE = 6;

/**
 * Probes other machines' servers as gateways do. The verdict is a word in the machine's own row, since an agent writes no
 * other; who reads all rows puts the words of two machines together (core/registry/witnesses.ts).
 */
export function createPeerProber(
  options: PeerOptions & { readonly send: ProbeSocket['send'] },
): PeerSight & { readonly prober: Prober } {
  const { machine, view, clock, log } = options;
  const prober = createProber({
    roster: view,
    name: machine,
    leastToCompare: LEAST_TO_COMPARE,
    // A door without feedback gives out what the roster lists, and asks the owner itself.
    closed: { close: () => {}, reopen: () => {} },
    store: { suspect: async () => ({ ok: false, row: undefined }) },
    watch: { meet: async () => beatsOf(view()) },
    send: options.send,
    type: options.packetType,
    clock,
    rng: options.rng,
    counters: { count: (name) => options.counters.count(`door.${name}`) },
    onError: () => {},
    onVerdict: (serverId, suspect) => log.info({ serverId, suspect }, 'what probes say of another server has changed'),
    onDegraded: (degraded) =>
      log.error(
        { degraded },
        degraded ? 'over half of the servers do not answer: nobody is judged' : 'servers answer again',
      ),
  });
  return {
    prober,
    facts: () => prober.facts(),
    sees() {
      const { suspects, degraded } = prober.facts();
      return degraded ? [CUT_OFF] : [...suspects].sort();
    },
  };
}

/** Machines that can probe, by the newest beat of their servers: it changes as long as their agents live. */
function beatsOf(view: RosterView): ReadonlyMap<string, number> {
  const beats = new Map<string, number>();
  view.entries.forEach(({ key }, index) => {
    const machine = parseRowKey(key)?.machine;
    if (machine === undefined || view.state[index] !== READY || view.suspect[index] === 1) return;
    beats.set(machine, Math.max(beats.get(machine) ?? 0, view.beat[index]!));
  });
  return beats;
}
