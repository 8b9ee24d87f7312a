import { type ConnectOptions, readOptions } from './options.ts';
import { Session } from './session.ts';

/**
 * Asks the door for a server and resolves with a session on it, usually after one round trip: by UDP, after a second
 * over TCP too, then over HTTP. As long as no server can be had it keeps asking, until `timeoutMs` is over.
 * @throws ConfigError if an option is wrong, naming each that is
 * @throws OnedoorError `assign.unknown-app`, `assign.unknown-world`: the name is wrong; `assign.no-capacity`,
 * `assign.unavailable`, `door.rate-limited`: what the door said last when time was up; `client.no-answer`: nobody answered
 * @throws the signal's reason, if it aborts
 * @example
 * const session = await connect({ door: 'play.example.com', app: 'arena', client: account.id });
 * console.log(session.server.address, session.server.ports.game, session.ticket);
 */
export async function connect(options: ConnectOptions): Promise<Session> {
  const settings = readOptions(options);
  settings.signal?.throwIfAborted();
  return await Session.open(settings);
}
