import { ConfigError } from '../core/errors.ts';
import { type MenuApp, rosterQueryOf } from './http-api.ts';
import { createNodeApi } from './node-api.ts';
import { type ConnectOptions, readOptions } from './options.ts';
import { type Roster, RosterSource } from './roster-source.ts';
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

/**
 * The servers of the app and world in `options`: from the first door or agent behind `door` that answers, by UDP, TCP or
 * HTTP, each with its status, users and capacity.
 * @throws OnedoorError `assign.unknown-app`, `assign.unknown-world`, `client.no-answer`, `assign.unavailable`
 * @example
 * const { servers } = await roster({ door: 'play.example.com', app: 'arena' });
 */
export async function roster(options: ConnectOptions): Promise<Roster> {
  const settings = readOptions(options);
  const { names, signal, timeoutMs } = settings;
  const limit = AbortSignal.timeout(timeoutMs);
  return await new RosterSource(settings).find(rosterQueryOf(names), signal ? AbortSignal.any([signal, limit]) : limit);
}

/**
 * The apps that the deployment has, and the worlds of each with their players and capacity: what a menu shows.
 * @throws OnedoorError `client.no-answer`, `assign.unavailable`
 * @example
 * for (const { app, worlds } of await menu({ door: 'play.example.com' })) show(app, worlds);
 */
export async function menu(options: ConnectOptions): Promise<readonly MenuApp[]> {
  const { http, signal } = readOptions(options);
  if (http === undefined) throw new ConfigError(['`http` must be given: the menu comes over HTTP alone, got: false']);
  return await createNodeApi(http, signal).menu();
}
