import { UsageError } from '../options.ts';
import type { ProbeOptions } from './options.ts';

const DEFAULT_HTTP_PORT = 8080;

interface Explained {
  readonly server?: { readonly id: string };
  readonly explain?: {
    readonly policy: string;
    readonly candidates: number;
    readonly rosterVersion: number;
    readonly rosterAgeMs: number;
    readonly refused: readonly { readonly id: string; readonly code: string }[];
  };
  readonly code?: string;
  readonly detail?: string;
}

/** One assignment over HTTP that explains itself. Its seat expires unused. */
export async function explainOnce(options: ProbeOptions): Promise<void> {
  const { app, world, group, client, host } = options;
  const base = options.http ?? `http://${host.includes(':') ? `[${host}]` : host}:${DEFAULT_HTTP_PORT}`;
  const response = await fetch(`${base}/v1/assignments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ app, world, group, client, explain: true }),
  }).catch(() => {
    throw new UsageError(`no HTTP API at ${base}; name it with --http`);
  });
  const answer = (await response.json()) as Explained;
  if (!answer.explain) {
    console.log(`explain: refused with ${answer.code ?? response.status}: ${answer.detail ?? ''}`);
    return;
  }
  const { policy, candidates, rosterVersion, rosterAgeMs, refused } = answer.explain;
  console.log(`explain: ${policy} chose ${answer.server?.id} among ${candidates} that could be had`);
  console.log(`         roster version ${rosterVersion}, ${rosterAgeMs} ms old`);
  for (const { id, code } of refused) console.log(`         tried ${id} before: ${code}`);
}
