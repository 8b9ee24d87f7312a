import { type Command, InvalidArgumentError } from 'commander';
import type { AgonesDeskOptions, AgonesLoad } from './desk.ts';
import type { Counter, List } from './facts.ts';

/** Where and how an agent answers the SDK of Agones. */
export interface AgonesOptions extends Pick<AgonesDeskOptions, 'load' | 'declared' | 'healthSeconds'> {
  /** Loopback port of slot 0; slot n has it + n. */
  readonly port: number;
}

interface AgonesFlags {
  readonly agonesPort?: number;
  readonly agonesHealth?: number;
  readonly agonesCounter?: Readonly<Record<string, Counter>>;
  readonly agonesList?: Readonly<Record<string, List>>;
  readonly load: string;
  readonly capacity: number;
}

const AGONES_HEALTH_SECONDS = 15;

/** `name=count/capacity` */
function addCounter(text: string, counters: Readonly<Record<string, Counter>> = {}) {
  const [, name = '', count, capacity] = /^([A-Za-z0-9._-]{1,63})=(\d{1,15})\/(\d{1,15})$/.exec(text) ?? [];
  if (name === '' || Number(count) > Number(capacity)) {
    throw new InvalidArgumentError(`must be NAME=COUNT/CAPACITY with a count up to the capacity, got: ${text}`);
  }
  return { ...counters, [name]: { count: Number(count), capacity: Number(capacity) } };
}

/** `name=capacity` */
function addList(text: string, lists: Readonly<Record<string, List>> = {}) {
  const [, name = '', capacity] = /^([A-Za-z0-9._-]{1,63})=(\d{1,4})$/.exec(text) ?? [];
  if (name === '' || Number(capacity) > 1_000) {
    throw new InvalidArgumentError(`must be NAME=CAPACITY with a capacity up to 1000, got: ${text}`);
  }
  return { ...lists, [name]: { capacity: Number(capacity), values: [] } };
}

/** Undefined where the SDK of Agones is not answered. Adds what is wrong to `problems`. */
export function agonesOptions(flags: AgonesFlags, problems: string[]): AgonesOptions | undefined {
  const { agonesPort: port, agonesHealth: healthSeconds = AGONES_HEALTH_SECONDS, load: word, capacity } = flags;
  const { agonesCounter: counters = {}, agonesList: lists = {} } = flags;
  if (port === undefined) {
    const used = { load: word.startsWith('agones'), ...{ 'agones-health': flags.agonesHealth !== undefined } };
    const given = { ...used, 'agones-counter': flags.agonesCounter, 'agones-list': flags.agonesList };
    for (const [name, isUsed] of Object.entries(given)) {
      if (isUsed)
        problems.push(
          `\`--agones-port\` must be given with --${name}${name === 'load' ? ` ${word}` : ''}, got: nothing.`,
        );
    }
    return undefined;
  }
  const load = loadOf(word, counters, lists);
  if (!load)
    problems.push(
      `\`--load\` must be agones, agones:counter:<name> or agones:list:<name> with a name that --agones-counter or --agones-list declares, got: ${word}.`,
    );
  return {
    port,
    healthSeconds,
    load: load ?? { kind: 'players' },
    declared: { playerCapacity: capacity, counters, lists },
  };
}

function loadOf(word: string, counters: object, lists: object): AgonesLoad | undefined {
  if (word === 'api') return { kind: 'tickets' };
  if (!/^agones(:|$)/.test(word)) return { kind: 'query' };
  if (word === 'agones') return { kind: 'players' };
  const [, kind, name = ''] = /^agones:(counter|list):(.+)$/.exec(word) ?? [];
  if (kind === 'counter' && Object.hasOwn(counters, name)) return { kind, name };
  if (kind === 'list' && Object.hasOwn(lists, name)) return { kind, name };
  return undefined;
}

/** The flags of this folder. */
export function addAgonesFlags(command: Command, port: (text: string) => number): Command {
  return command
    .option(
      '--agones-port <port>',
      'loopback port on which slot 0 answers the REST calls of Agones’ SDK (there: 9358); slot n has it + n (default: not)',
      port,
    )
    .option(
      '--agones-health <seconds>',
      `a build that has not called Health for so long is dead (default: ${AGONES_HEALTH_SECONDS})`,
      seconds,
    )
    .option(
      '--agones-counter <name=count/capacity>',
      'a counter that the build’s fleet declares; again for more',
      addCounter,
    )
    .option('--agones-list <name=capacity>', 'a list that the build’s fleet declares; again for more', addList);
}

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 3_600) return value;
  throw new InvalidArgumentError(`must be a whole number from 1 to 3600, got: ${text}`);
}
