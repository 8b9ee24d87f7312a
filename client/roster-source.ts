import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { OnedoorError } from '../core/errors.ts';
import {
  DOOR_HTTP_AT_MS,
  DOOR_TCP_AT_MS,
  DOOR_TCP_STAGGER_MS,
  DOOR_UDP_AT_MS,
  MAX_TCP_DOORS,
} from '../core/session/timing.ts';
import type { Endpoint } from '../core/session/types.ts';
import { type Attempt, firstOf } from './first-of.ts';
import type { RosterServer } from './http-answers.ts';
import type { RosterMemory, RosterQuery } from './http-api.ts';
import { createNodeApi } from './node-api.ts';
import type { Settings } from './options.ts';
import { resolveDoor } from './resolve.ts';
import { loadKept, saveKept, type VerifySignature } from './roster-cache.ts';
import { probeRoster } from './roster-probe.ts';

/** The servers of an app and world, as somebody listed them. */
export interface Roster {
  /** Another number for another roster; 0 for one that was kept. */
  readonly version: number;
  readonly servers: readonly RosterServer[];
  readonly via: 'udp' | 'tcp' | 'http' | 'cache';
}

/** Codes that no other door and no other way changes. */
const FINAL: readonly string[] = ['assign.unknown-app', 'assign.unknown-world'];

const verifyNow: VerifySignature = ({ x }, data, signature) =>
  verify(null, data, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), signature);

/** Where a client has its roster from: doors and agents by UDP and TCP, the HTTP API, and what was kept. */
export class RosterSource {
  readonly #settings: Settings;
  readonly #memory: RosterMemory = {};

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /**
   * The newest roster that can be had.
   * @throws OnedoorError with the code that was answered last, or `client.no-answer`; the resolver's error
   */
  async find(query: RosterQuery, signal: AbortSignal): Promise<Roster> {
    const { door, family, resolve, http } = this.#settings;
    const doors = await resolveDoor(door, family, resolve).catch((error: unknown) => {
      if (http === undefined) throw error;
      return [];
    });
    const isFinal = (error: unknown): boolean => error instanceof OnedoorError && FINAL.includes(error.code);
    return await firstOf(this.#attempts(doors, query), signal, isFinal);
  }

  /** The servers of the kept roster, checked by its signature. @throws OnedoorError `client.no-answer`, saying why not */
  async kept(query: RosterQuery): Promise<Roster> {
    const { cache, cacheMaxAgeMs, keys } = this.#settings;
    const read = await loadKept(cache, {
      verify: verifyNow,
      pinned: keys,
      maxAgeMs: cacheMaxAgeMs,
      wallMs: Date.now(),
    });
    if ('problem' in read) throw new OnedoorError('client.no-answer', { cache: read.problem });
    const { app, world } = query;
    const servers = read.filter(
      (server) => (app === undefined || server.app === app) && (world === undefined || server.world === world),
    );
    return { version: 0, servers, via: 'cache' };
  }

  /** Fetches the signed roster and its keys, and keeps them. */
  async keep(query: RosterQuery, signal: AbortSignal): Promise<void> {
    const { cache, http, keys } = this.#settings;
    if (!cache || http === undefined) return;
    const api = createNodeApi(http, signal, this.#memory);
    const [roster, jwks] = await Promise.all([api.roster(query), api.keys()]);
    await saveKept(cache, roster.pages, jwks, { verify: verifyNow, pinned: keys, wallMs: Date.now() });
  }

  #attempts(doors: readonly Endpoint[], query: RosterQuery): Attempt<Roster>[] {
    const { type, http } = this.#settings;
    const probe = (door: Endpoint, via: 'udp' | 'tcp', afterMs: number): Attempt<Roster> => ({
      afterMs,
      run: async (signal) => ({ ...(await probeRoster({ door, via, query, type, random: randomBytes, signal })), via }),
    });
    const udp = doors.slice(0, DOOR_UDP_AT_MS.length).map((door, at) => probe(door, 'udp', DOOR_UDP_AT_MS[at]!));
    const tcp = doors
      .slice(0, MAX_TCP_DOORS)
      .map((door, at) => probe(door, 'tcp', DOOR_TCP_AT_MS + at * DOOR_TCP_STAGGER_MS));
    const api: Attempt<Roster>[] =
      http === undefined
        ? []
        : [
            {
              afterMs: DOOR_HTTP_AT_MS,
              run: async (signal) => {
                const { version, servers } = await createNodeApi(http, signal, this.#memory).roster(query);
                return { version, servers, via: 'http' };
              },
            },
          ];
    const others = doors
      .slice(DOOR_UDP_AT_MS.length)
      .map((door, at) => probe(door, 'udp', DOOR_HTTP_AT_MS + (at + 1) * DOOR_TCP_STAGGER_MS));
    return [...udp, ...tcp, ...api, ...others];
  }
}
