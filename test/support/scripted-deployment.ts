import { type ConnectOptions, connect, type Session, type SessionEvents } from '../../client/index.ts';
import { grantFields, type ScriptedPeer, startPeer, startServer } from './scripted-peer.ts';
import { errorFields } from './sim-servers.ts';

/** A door that gives its servers in order, and what was started beside it; `close` ends all of it, the newest first. */
export class ScriptedDeployment {
  readonly #open: { close(): Promise<void> }[] = [];

  /** Closes `one` with the rest. */
  own<One extends { close(): Promise<void> }>(one: One): One {
    this.#open.push(one);
    return one;
  }

  ownPeer(peer: ScriptedPeer): ScriptedPeer {
    this.own({ close: () => peer.die().catch(() => {}) });
    return peer;
  }

  /** Servers on 127.0.0.2, and a door on 127.0.0.1 that gives the first one that is not to be avoided. */
  async start(ids: readonly string[] = ['i-1.0', 'i-2.0']) {
    const servers: { id: string; peer: ScriptedPeer }[] = [];
    for (const id of ids) servers.push({ id, peer: this.ownPeer(await startServer(id)) });
    const door = this.ownPeer(
      await startPeer((request) => {
        const given = servers.find(({ id }) => !request.avoid?.includes(id));
        return given ? grantFields(request, given.peer, given.id) : errorFields(request, 1);
      }),
    );
    return { door, servers };
  }

  async join(door: ScriptedPeer, options: Partial<ConnectOptions> = {}): Promise<Session> {
    return this.own(await connect({ door: `${door.host}:${door.port}`, http: false, ...options }));
  }

  /** Runs `act` every `everyMs` until the end. */
  repeat(everyMs: number, act: () => void): void {
    const timer = setInterval(act, everyMs);
    this.own({ close: async () => clearInterval(timer) });
  }

  async close(): Promise<void> {
    for (const one of this.#open.splice(0).reverse()) await one.close();
  }
}

/** The next event of that name. */
export function next<Name extends keyof SessionEvents>(session: Session, name: Name): Promise<SessionEvents[Name]> {
  return new Promise((resolve) => {
    const off = session.on(name, (event) => {
      off();
      resolve(event);
    });
  });
}
