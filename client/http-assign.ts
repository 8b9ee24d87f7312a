import { refuse } from '../core/errors.ts';
import type { DoorAnswer } from '../core/session/types.ts';
import { toGrant } from './named-server.ts';
import { createNodeApi, toErrorCode } from './node-api.ts';

export interface HttpAsk {
  /** Base URL of the API, without a slash at the end. */
  readonly base: string;
  readonly app?: string;
  readonly world?: string;
  readonly group?: string;
  readonly client: string;
  readonly avoid: readonly string[];
  /** Id of the server that the client chose. */
  readonly pick?: string;
  /** Wait token of the last refusal. */
  readonly wait?: string;
  readonly family: 4 | 6;
  readonly signal: AbortSignal;
}

/** POST /v1/assignments. Undefined: no answer, or none that can be understood. Never rejects. */
export async function askOverHttp({ base, signal, ...ask }: HttpAsk): Promise<DoorAnswer | undefined> {
  const { app, world, group, client, avoid, pick, wait, family } = ask;
  const fields = {
    ...{ app, world, group, client, server: pick, wait },
    ...(avoid.length > 0 && { avoid }),
    ...(family === 6 && { family }),
  };
  try {
    const answer = await createNodeApi(base, signal).assign(fields);
    if (!answer) return undefined;
    if (answer.ok) {
      const grant = toGrant(answer.grant, family);
      return grant && { ok: true, grant };
    }
    const { code, ok: _, ...more } = answer;
    // A code that nobody here knows is as good as no answer.
    return toErrorCode(code) === code ? refuse(toErrorCode(code), more) : undefined;
  } catch {
    return undefined;
  }
}
