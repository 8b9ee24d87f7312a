import { type ClientRequest, get } from 'node:http';
import type { AgentLink, NeighbourServer } from './agent-link.ts';

/** How often the agent is asked which servers there are. */
const ASK_MS = 2_000;
const MAX_EVENT_BYTES = 262_144;

/** One server of the same world, and who is on it as its lobby tells. */
interface Neighbour {
  readonly server: NeighbourServer;
  readonly request: ClientRequest;
  names: string[];
}

/**
 * Who is on the other servers of this world, in all groups. The agent beside the game knows the servers; each one's lobby
 * tells its participants and every change, server to server, with no door and no registry in between.
 */
export class Neighbours {
  readonly #link: Pick<AgentLink, 'servers'>;
  readonly #known = new Map<string, Neighbour>();

  constructor(link: Pick<AgentLink, 'servers'>) {
    this.#link = link;
  }

  /** Goes on until the process ends. */
  start(): void {
    const turn = async (): Promise<void> => {
      this.#meet(await this.#link.servers());
      setTimeout(turn, ASK_MS);
    };
    void turn();
  }

  /** `name@server` of everybody elsewhere. */
  participants(): string[] {
    return [...this.#known.values()].flatMap(({ server, names }) => names.map((name) => `${name}@${server.id}`));
  }

  /** Listens to all of these, and no longer to others. */
  #meet(servers: readonly NeighbourServer[]): void {
    const lobbies = new Map(servers.map((server) => [server.id, server]));
    for (const [id, { server, request }] of this.#known) {
      if (lobbies.get(id)?.lobby === server.lobby) continue;
      this.#known.delete(id);
      request.destroy();
    }
    for (const server of servers) if (!this.#known.has(server.id)) this.#listen(server);
  }

  /** One that cannot be reached, or has ended, is met again at the next turn. */
  #listen(server: NeighbourServer): void {
    const forget = (): void => {
      if (this.#known.get(server.id)?.request === request) this.#known.delete(server.id);
    };
    const request = get(`${server.lobby}/events`, { agent: false }, (reply) => {
      let text = '';
      reply.setEncoding('utf8');
      reply.on('data', (chunk: string) => {
        const events = `${text}${chunk}`.split('\n\n');
        text = events.pop() ?? '';
        for (const event of events) this.#hear(server.id, event);
        if (text.length > MAX_EVENT_BYTES) request.destroy();
      });
      reply.on('error', () => {});
      reply.on('close', forget);
    });
    request.on('error', forget);
    this.#known.set(server.id, { server, request, names: [] });
  }

  #hear(id: string, event: string): void {
    const neighbour = this.#known.get(id);
    const [, word, data] = /^event: (\w+)\ndata: (.*)$/m.exec(event) ?? [];
    if (!neighbour || data === undefined) return;
    const { name, participants } = JSON.parse(data) as { readonly name: string; readonly participants: string[] };
    if (word === 'lobby') neighbour.names = participants;
    else if (word === 'joined') neighbour.names.push(name);
    else if (word === 'left') neighbour.names = neighbour.names.filter((each) => each !== name);
  }
}
