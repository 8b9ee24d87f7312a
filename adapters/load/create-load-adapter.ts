import { ConfigError } from '../../core/errors.ts';
import { createBzflagLoad } from './bzflag.ts';
import { createCommandLoad } from './command.ts';
import { createGamedigLoad } from './gamedig.ts';
import type { GameAddress, LoadAdapter } from './load-adapter.ts';
import { createMumbleLoad } from './mumble.ts';
import { createTeeworldsLoad } from './teeworlds.ts';

type Create = (game: GameAddress, target: string) => LoadAdapter | Promise<LoadAdapter>;

interface Kind {
  /** What stands after the colon; absent: nothing may. */
  readonly target?: string;
  readonly create: Create;
}

const KINDS: Readonly<Record<string, Kind>> = {
  command: { target: 'path of a program', create: createCommandLoad },
  gamedig: { target: 'id of a game', create: createGamedigLoad },
  bzflag: { create: (game) => createBzflagLoad(game) },
  mumble: { create: (game) => createMumbleLoad(game) },
  teeworlds: { create: (game) => createTeeworldsLoad(game) },
};

/**
 * The adapter that asks `game`, by its word: `bzflag`, `teeworlds`, `mumble`, `command:<path>`, `gamedig:<id>`.
 * @throws ConfigError for any other word
 */
export async function createLoadAdapter(word: string, game: GameAddress): Promise<LoadAdapter> {
  const colon = word.indexOf(':');
  const name = colon < 0 ? word : word.slice(0, colon);
  const target = colon < 0 ? '' : word.slice(colon + 1);
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (!kind || (kind.target !== undefined) !== (target !== '')) {
    const words = Object.entries(KINDS).map(([known, { target: what }]) => (what ? `${known}:<${what}>` : known));
    throw new ConfigError([`\`load\` must be api, ${words.join(', ')}, got: ${word}.`]);
  }
  return await kind.create(game, target);
}
