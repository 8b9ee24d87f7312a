import type { ErrorCode } from '../errors.ts';
import type { DropReason } from '../wire/drop-reasons.ts';
import type { MetricName, Sample } from './catalogue.ts';
import type { FORWARD_FAULTS, SILENT_REASONS } from './label-values.ts';

type Target = readonly [name: MetricName, labels?: Readonly<Record<string, string>>];

/** What a gateway counts under a name of its own, and the metric that it is. */
export const GATEWAY_COUNTS = {
  classic: ['onedoor_classic_answers_total', { outcome: 'given' }],
  'classic-none': ['onedoor_classic_answers_total', { outcome: 'none' }],
  extended: ['onedoor_extended_requests_total'],
  assigned: ['onedoor_assignments_total'],
  repeated: ['onedoor_repeats_total'],
  cookies: ['onedoor_cookies_total'],
  roster: ['onedoor_roster_pages_total'],
  forwarded: ['onedoor_forwards_total', { kind: 'answer' }],
  noted: ['onedoor_forwards_total', { kind: 'note' }],
  silent: ['onedoor_silences_total', { reason: 'no-room' }],
  'off-duty': ['onedoor_off_duty_total'],
  shed: ['onedoor_shed_total', { how: 'refused' }],
  'shed-silent': ['onedoor_shed_total', { how: 'silent' }],
  takes: ['onedoor_takes_total'],
  conflicts: ['onedoor_conflicts_total'],
  'takes-unreached': ['onedoor_takes_unreached_total'],
  probes: ['onedoor_probes_total'],
  suspected: ['onedoor_verdicts_total', { verdict: 'suspect' }],
  lifted: ['onedoor_verdicts_total', { verdict: 'lifted' }],
} as const satisfies Record<string, Target>;

/** What an agent counts under a name of its own, and the metric that it is. */
export const AGENT_COUNTS = {
  'answered.classic': ['onedoor_keepalives_total', { kind: 'classic' }],
  'answered.extended': ['onedoor_keepalives_total', { kind: 'extended' }],
  'answered.lobby': ['onedoor_keepalives_total', { kind: 'lobby' }],
  'answered.moving': ['onedoor_keepalives_total', { kind: 'moving' }],
  'answered.moved': ['onedoor_keepalives_total', { kind: 'moved' }],
  'answered.forward': ['onedoor_keepalives_total', { kind: 'forward' }],
  noted: ['onedoor_announced_total', { how: 'noted' }],
  punched: ['onedoor_announced_total', { how: 'punched' }],
  'beats.landed': ['onedoor_beats_total', { outcome: 'landed' }],
  'beats.again': ['onedoor_beats_total', { outcome: 'again' }],
  'beats.lost': ['onedoor_beats_total', { outcome: 'lost' }],
  'door.classic': ['onedoor_classic_answers_total', { outcome: 'given' }],
  'door.classic-none': ['onedoor_classic_answers_total', { outcome: 'none' }],
  'door.extended': ['onedoor_extended_requests_total'],
  'door.owner-silent': ['onedoor_owners_asked_in_vain_total', { why: 'silent' }],
  'door.unasked': ['onedoor_owners_asked_in_vain_total', { why: 'unasked' }],
  'door.probes': ['onedoor_probes_total'],
  'door.suspected': ['onedoor_verdicts_total', { verdict: 'suspect' }],
  'door.lifted': ['onedoor_verdicts_total', { verdict: 'lifted' }],
} as const satisfies Record<string, Target>;

export type GatewayCount = keyof typeof GATEWAY_COUNTS;
/** Why a door's word about a client is not followed. */
export type ForwardFault = (typeof FORWARD_FAULTS)[number] | ErrorCode;
type RegistryCode = Extract<ErrorCode, `registry.${string}`>;

/** Every name under which an agent counts. */
export type AgentCount =
  | keyof typeof AGENT_COUNTS
  | `refused.${ErrorCode}`
  | `failed.${RegistryCode}`
  | `dropped.${DropReason}`
  | `silent.${(typeof SILENT_REASONS)[number]}`
  | `forward.${ForwardFault}`
  | `door.refused.${ErrorCode}`
  | `door.dropped.${DropReason | 'forward'}`;

/** Families of counters: what stands behind the prefix is the label. */
const FAMILIES: readonly (readonly [prefix: string, target: (rest: string) => Target])[] = [
  ['refused.', refusalOf],
  ['door.refused.', refusalOf],
  ['failed.', (code) => ['onedoor_registry_failures_total', { code }]],
  ['dropped.', (reason) => ['onedoor_drops_total', { reason }]],
  ['door.dropped.', (reason) => ['onedoor_drops_total', { reason }]],
  ['silent.', (reason) => ['onedoor_silences_total', { reason }]],
  ['forward.', (reason) => ['onedoor_forward_faults_total', { reason }]],
];

/** The metric of a refusal: tickets that fail are a matter of their own. */
function refusalOf(code: string): Target {
  return [code.startsWith('ticket.') ? 'onedoor_ticket_failures_total' : 'onedoor_refusals_total', { code }];
}

function targetOf(count: string, own: Readonly<Record<string, Target>>): Target | undefined {
  if (Object.hasOwn(own, count)) return own[count];
  for (const [prefix, target] of FAMILIES) if (count.startsWith(prefix)) return target(count.slice(prefix.length));
  return undefined;
}

/** The counters of a program as samples; those that are the same metric with the same labels are one. */
export function countedSamples(
  counts: Readonly<Record<string, number>>,
  own: Readonly<Record<string, Target>>,
): readonly Sample[] {
  const samples = new Map<string, Sample>();
  for (const [count, value] of Object.entries(counts)) {
    const [name, labels] = targetOf(count, own) ?? [];
    if (name === undefined) continue;
    const key = JSON.stringify([name, labels]);
    const before = samples.get(key)?.value ?? 0;
    samples.set(key, { name, ...(labels && { labels }), value: before + value });
  }
  return [...samples.values()];
}
