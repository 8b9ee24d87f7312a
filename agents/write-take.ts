import { OnedoorError, type Refusal, refuse } from '../core/errors.ts';
import type { AgentStore, Clock } from '../core/ports.ts';
import type { TakeCommand, WriteReply } from '../core/registry/commands.ts';

const TRIES = 3;

/**
 * Sends a take until a reply comes, always the same command: a retry that finds its own token was only the echo
 * (docs/SEATS.md, "Take"). Gives up at `untilMs`, when the seats could no longer be used.
 */
export async function writeTake(
  command: TakeCommand,
  untilMs: number,
  { key, store, clock }: { readonly key: string; readonly store: AgentStore; readonly clock: Clock },
): Promise<WriteReply | Refusal> {
  for (let tries = 1; ; tries++) {
    try {
      return await store.write(key, command);
    } catch (error) {
      if (!(error instanceof OnedoorError)) throw error;
      if (tries >= TRIES || clock.monoMs() >= untilMs) return refuse(error.code);
    }
  }
}
