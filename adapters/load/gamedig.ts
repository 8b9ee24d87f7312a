import { ConfigError } from '../../core/errors.ts';
import { type GameAddress, type LoadAdapter, QUERY_TIMEOUT_MS, queryFailed, toReading } from './load-adapter.ts';

const NAME = 'gamedig';
/** For all packets of one query together. */
const ATTEMPT_TIMEOUT_MS = 1_000;
/** Names a protocol instead of a game, e.g. `protocol-valve`. */
const PROTOCOL = 'protocol-';

/**
 * Any of the games that gamedig knows (https://github.com/gamedig/node-gamedig), by its id there. Loaded when used: it
 * brings a hundred protocols.
 * @throws ConfigError for an unknown id
 */
export async function createGamedigLoad(game: GameAddress, type: string): Promise<LoadAdapter> {
  const { GameDig, games, protocols } = await import('gamedig');
  const isProtocol = type.startsWith(PROTOCOL) && Object.hasOwn(protocols, type.slice(PROTOCOL.length));
  if (!isProtocol && !Object.hasOwn(games, type)) {
    throw new ConfigError([`\`load\` must be gamedig:<id of a game that gamedig knows>, got: gamedig:${type}.`]);
  }
  const gamedig = new GameDig();
  return {
    name: NAME,
    async query() {
      const answer = await gamedig
        .query({
          type,
          host: game.address,
          port: game.port,
          givenPortOnly: true,
          maxRetries: 1,
          socketTimeout: QUERY_TIMEOUT_MS,
          attemptTimeout: ATTEMPT_TIMEOUT_MS,
        })
        .catch((cause: Error) => {
          throw queryFailed(NAME, cause.message, cause);
        });
      // A text in some games.
      const capacity = Number(answer.maxplayers);
      // Bots are in `numplayers` and make room for players.
      const sessions = Math.max(0, Number(answer.numplayers) - (answer.bots?.length ?? 0));
      const participants = Array.from(answer.players ?? [], ({ name }) => name);
      return toReading(NAME, { sessions, participants, ...(capacity > 0 && { capacity }) });
    },
  };
}
