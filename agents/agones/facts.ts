/** What the build has told through the SDK's calls, and what it was declared with. Plain data: it is kept in a journal. */
export interface AgonesFacts {
  readonly state: AgonesState;
  /** Wall time in ms at which `Reserved` ends by itself. */
  readonly reservedUntilMs?: number;
  /** Set by the build, with Agones' prefix. */
  readonly labels: Texts;
  readonly annotations: Texts;
  readonly players: { readonly capacity: number; readonly ids: readonly string[] };
  readonly counters: Readonly<Record<string, Counter>>;
  readonly lists: Readonly<Record<string, List>>;
  /** Grows with every change. */
  readonly version: number;
  /** Wall time in s of the first life. */
  readonly createdS: number;
}

/** The states of Agones that a build can be in here; `Unhealthy` is made of silence, and not kept. */
export type AgonesState = 'Scheduled' | 'Ready' | 'Reserved' | 'Allocated' | 'Shutdown';

export type Texts = Readonly<Record<string, string>>;

export interface Counter {
  readonly count: number;
  readonly capacity: number;
}

export interface List {
  readonly capacity: number;
  readonly values: readonly string[];
}

/** What a fleet of Agones declares for its game servers; here the agent's flags do. */
export interface AgonesDeclared {
  readonly playerCapacity: number;
  readonly counters: Readonly<Record<string, Counter>>;
  readonly lists: Readonly<Record<string, List>>;
}

/** A build that has not called yet. */
export function firstFacts(declared: AgonesDeclared, createdS: number): AgonesFacts {
  return { state: 'Scheduled', labels: {}, annotations: {}, ...firstCounts(declared), version: 1, createdS };
}

/** Who is there when a build starts: nobody. */
export function firstCounts({ playerCapacity, counters, lists }: AgonesDeclared) {
  return { players: { capacity: playerCapacity, ids: [] }, counters, lists };
}

/** A line of the journal. Only this agent writes there; a line of another shape is not of this version. */
export function parseFacts(line: string): AgonesFacts | undefined {
  try {
    const facts = JSON.parse(line) as AgonesFacts;
    return facts.players && facts.counters && facts.lists ? facts : undefined;
  } catch {
    return undefined;
  }
}
