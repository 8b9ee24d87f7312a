import type { RosterAnswer } from '../../adapters/http/schemas.ts';
import { Failure } from './report.ts';
import { until } from './until.ts';

export type ListedServer = RosterAnswer['servers'][number];

/** The deployment's HTTP API, as anybody may call it, and the health port of its gateway. */
export interface Api {
  /** `GET /v1/servers`. */
  servers(): Promise<readonly ListedServer[]>;
  /** Resolves once the gateway has the roster that `servers` gives now: each door reads it for itself. */
  untilGatewayKnows(withinMs: number): Promise<void>;
  /** `POST /v1/assignments`: id of the server. */
  assign(app: string, client: string): Promise<string>;
}

async function ask(url: string, init?: RequestInit): Promise<unknown> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Failure(`${url} was answered with ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** @param base,health URLs without a slash at the end */
export function createApi(base: string, health: string): Api {
  const roster = async (): Promise<RosterAnswer> => (await ask(`${base}/v1/servers`)) as RosterAnswer;
  return {
    servers: async () => (await roster()).servers,
    async untilGatewayKnows(withinMs) {
      const { rosterVersion: wanted } = await roster();
      await until('the gateway reads the roster', withinMs, async () => {
        const { rosterVersion } = (await ask(`${health}/healthz`)) as { readonly rosterVersion: number };
        // The part that moves may have been read newer than the version says.
        return rosterVersion > wanted;
      });
    },
    async assign(app, client) {
      const answer = await ask(`${base}/v1/assignments`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ app, client }),
      });
      return (answer as { server: { id: string } }).server.id;
    },
  };
}

/** The roster as a table, one line a server. */
export function rosterTable(servers: readonly ListedServer[]): string {
  const rows = servers.map(({ id, app, ipv4, ports, status, sessions, capacity, free }) => [
    id,
    app,
    `${ipv4}:${ports['game']}`,
    status,
    String(sessions),
    `${free}/${capacity}`,
  ]);
  const all = [['server', 'app', 'address', 'status', 'sessions', 'free'], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
