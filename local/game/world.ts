import type { AgentLink, Session } from './agent-link.ts';

/** Where a datagram came from, and where its answers go. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

export interface WorldOptions {
  readonly capacity: number;
  /** Absent: a game without agent, which lets in whom it has room for. */
  readonly agent?: Omit<AgentLink, 'servers'>;
  /** Participants of the same world on other servers. */
  readonly elsewhere?: () => readonly string[];
  readonly send: (text: string, peer: Peer) => void;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

interface Participant {
  readonly name: string;
  /** Absent in a game without agent. */
  readonly session?: Session;
  peer: Peer;
  heardMs: number;
}

/** What the lobby says of the session. */
const DESCRIPTION = 'a world that echoes';
/** A participant who says nothing for this long has left. */
const SILENCE_MS = 5_000;
/** Joins that wait for the agent at the same time; more are asked to come back. */
const MAX_PENDING = 256;
/** 1..32 characters of a name: no space (it ends the word), no comma (it ends a name in lists). */
const NAME = /^[^\s,]{1,32}$/u;

/** The world: who is here, and what they say to each other. The protocol is in main.ts. */
export class World {
  readonly #options: WorldOptions;
  readonly #here = new Map<string, Participant>();
  readonly #pending = new Set<string>();
  /** Ids of sessions that are over, of which the agent does not know yet. */
  readonly #ended = new Set<string>();
  #isNews = false;
  #reporting: Promise<void> | undefined;

  constructor(options: WorldOptions) {
    this.#options = options;
  }

  /** Number of participants. */
  get size(): number {
    return this.#here.size;
  }

  names(): string[] {
    return [...this.#here.values()].map(({ name }) => name);
  }

  async hear(text: string, peer: Peer): Promise<void> {
    const { send, nowMs, capacity, elsewhere } = this.#options;
    const [word = '', ...rest] = text.trimEnd().split(' ');
    if (word === 'INFO') return send(JSON.stringify({ sessions: this.size, capacity }), peer);
    if (word === 'JOIN') return await this.#join(rest, peer);
    const participant = this.#here.get(keyOf(peer));
    if (!participant) return;
    participant.heardMs = nowMs();
    if (word === 'PING') send(`PONG ${rest.join(' ')}`, peer);
    else if (word === 'SAY') this.#tellAll(`SAID ${participant.name} ${rest.join(' ')}`);
    else if (word === 'WHO') send(`HERE ${this.names().join(',')}`, peer);
    else if (word === 'ALL') send(`EVERYBODY ${[...this.names(), ...(elsewhere?.() ?? [])].join(',')}`, peer);
    else if (word === 'LEAVE') {
      send('BYE', peer);
      this.#end(participant);
    }
  }

  /** To be called about twice a second: ends silent participants, reports to the agent. */
  async tick(): Promise<void> {
    const { agent, nowMs } = this.#options;
    for (const participant of [...this.#here.values()]) {
      if (nowMs() - participant.heardMs > SILENCE_MS) this.#end(participant);
    }
    if (!agent) return;
    await this.#report();
    for (const id of this.#ended) if (await agent.leave(id)) this.#ended.delete(id);
  }

  /** One report after the other: an older one must not arrive last. */
  #report(): Promise<void> {
    this.#isNews = true;
    this.#reporting ??= this.#reportNews().finally(() => {
      this.#reporting = undefined;
    });
    return this.#reporting;
  }

  async #reportNews(): Promise<void> {
    const { agent, capacity } = this.#options;
    while (agent && this.#isNews) {
      this.#isNews = false;
      const sessions = [...this.#here.values()].flatMap(({ session }) => session ?? []);
      await agent.report({ sessions, capacity, participants: this.names(), description: DESCRIPTION });
    }
  }

  async #join([name = '', ticket]: readonly string[], peer: Peer): Promise<void> {
    const { send, agent, capacity } = this.#options;
    const refused = (code: string): void => send(`REFUSED ${code}`, peer);
    const key = keyOf(peer);
    const already = this.#here.get(key);
    if (already) return this.#welcome(already);
    // A repeated request whose first copy still waits: one answer is enough.
    if (this.#pending.has(key)) return;
    if (!NAME.test(name)) return refused('http.bad-request');
    if (this.#pending.size >= MAX_PENDING) return refused('agent.full');
    if (!agent) {
      if (this.size >= capacity) return refused('agent.full');
      return this.#enter({ name, peer });
    }
    this.#pending.add(key);
    const answer = await agent.join(ticket);
    this.#pending.delete(key);
    if (!answer.ok) return refused(answer.code);
    const holder = [...this.#here.values()].find(({ session }) => session?.id === answer.session.id);
    if (!holder) return this.#enter({ name, peer, session: answer.session });
    if (holder.name !== name) return refused('ticket.in-use');
    // The same player from another port: NATs and phones do that.
    this.#here.delete(keyOf(holder.peer));
    this.#here.set(key, holder);
    holder.peer = peer;
    this.#welcome(holder);
  }

  #enter(who: Pick<Participant, 'name' | 'session' | 'peer'>): void {
    const participant: Participant = { ...who, heardMs: this.#options.nowMs() };
    if (participant.session) this.#ended.delete(participant.session.id);
    this.#tellAll(`JOINED ${who.name}`);
    this.#here.set(keyOf(who.peer), participant);
    this.#welcome(participant);
    // The lobby tells others at once, not at the next tick.
    void this.#report();
  }

  #welcome(participant: Participant): void {
    participant.heardMs = this.#options.nowMs();
    this.#options.send(`WELCOME ${participant.name} ${this.size}`, participant.peer);
  }

  #end(participant: Participant): void {
    this.#here.delete(keyOf(participant.peer));
    this.#tellAll(`LEFT ${participant.name}`);
    void this.#report();
    const id = participant.session?.id;
    if (id === undefined) return;
    this.#ended.add(id);
    void this.#options.agent?.leave(id).then((told) => told && this.#ended.delete(id));
  }

  #tellAll(text: string): void {
    for (const { peer } of this.#here.values()) this.#options.send(text, peer);
  }
}

function keyOf({ address, port }: Peer): string {
  return `${address}:${port}`;
}
