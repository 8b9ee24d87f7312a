import { randomBytes } from 'node:crypto';
import { OnedoorError, type Refusal, refuse } from '../core/errors.ts';
import { familyBehind, serverLike } from '../core/session/nat64.ts';
import type { NamedServer } from '../core/session/types.ts';
import { chooseServers } from './choose.ts';
import type { RosterServer } from './http-answers.ts';
import { rosterQueryOf } from './http-api.ts';
import { toNamed } from './named-server.ts';
import type { Settings } from './options.ts';
import { measure } from './ping.ts';
import type { RosterSource } from './roster-source.ts';

export interface Chosen {
  readonly servers: readonly NamedServer[];
  readonly refusal?: Refusal;
}

/**
 * Answers the session's wish to choose: reads the roster, or the kept one if the door is away, and picks as the
 * application said. Never rejects.
 */
export async function chooseNow(
  { settings, source }: { readonly settings: Settings; readonly source: RosterSource },
  wish: { readonly avoid: readonly string[]; readonly cached: boolean; readonly like: Uint8Array },
  signal: AbortSignal,
): Promise<Chosen> {
  const { names, choose = 'random', cache, type } = settings;
  const query = rosterQueryOf(names);
  try {
    const find = async () => {
      try {
        return await source.find(query, signal);
      } catch (error) {
        if (!cache || signal.aborted || !isSilence(error)) throw error;
        return await source.kept(query);
      }
    };
    const family = familyBehind(wish.like);
    const named = (server: RosterServer): NamedServer | undefined => {
      const plain = toNamed(server, family);
      return plain && serverLike(plain, wish.like);
    };
    const { servers } = await (wish.cached ? source.kept(query) : find());
    const reachable = servers.filter((server) => isOf(named(server), settings.family));
    const best = await chooseServers(reachable, {
      choose,
      group: names.group,
      avoid: wish.avoid,
      random: () => randomBytes(4).readUInt32BE() / 2 ** 32,
      measure: (those) =>
        measure(
          those.flatMap((server) => named(server) ?? []),
          { type, random: randomBytes },
        ),
    });
    return { servers: best.flatMap((server) => named(server) ?? []) };
  } catch (error) {
    return { servers: [], refusal: refusalOf(error) };
  }
}

function isSilence(error: unknown): boolean {
  return !(error instanceof OnedoorError) || error.code === 'client.no-answer' || error.code === 'assign.unavailable';
}

function isOf(server: NamedServer | undefined, family: 'auto' | 4 | 6): boolean {
  return server !== undefined && (family === 'auto' || server.address.length === (family === 4 ? 4 : 16));
}

function refusalOf(error: unknown): Refusal {
  const detail = error instanceof Error ? error.message : String(error);
  return refuse(error instanceof OnedoorError ? error.code : 'client.no-answer', { detail });
}
