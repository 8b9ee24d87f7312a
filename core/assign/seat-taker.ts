import { OnedoorError, type Refusal, refuse } from '../errors.ts';
import type { AgentStore, Clock, Rng } from '../ports.ts';
import type { TakeCommand } from '../registry/commands.ts';
import type { ServerRow } from '../registry/row.ts';
import { readTakeReply, type TakenSeats } from '../registry/take.ts';
import type { SeatTiming } from '../registry/timing.ts';
import { bytesToHex } from '../text.ts';

export type Taken =
  | {
      readonly ok: true;
      readonly seats: TakenSeats;
      readonly row: ServerRow;
      /** Wall time in ms at which the tickets of these seats expire: sending + W + A. */
      readonly expiresWallMs: number;
    }
  | (Refusal & { readonly row?: ServerRow | undefined; readonly reached: boolean });

const TOKEN_BYTES = 9;
/** Tries of one take, all with one token: the second finds out what became of a first whose reply was lost. */
const TRIES = 2;

/**
 * Takes k seats at one row by one conditional update, and once more with the same token when no reply came.
 * `reached: false` means that the registry did not answer in time; a late answer's row is there all the same.
 */
export async function takeSeats(
  deps: {
    readonly store: Pick<AgentStore, 'write'>;
    readonly clock: Clock;
    readonly rng: Rng;
    readonly timing: SeatTiming;
  },
  key: string,
  k: number,
  beatAfter?: number,
): Promise<Taken> {
  const { store, clock, rng, timing } = deps;
  const token = bytesToHex(rng.bytes(TOKEN_BYTES));
  const command: TakeCommand = { kind: 'take', k, token, ...(beatAfter === undefined ? {} : { beatAfter }) };
  const sentAtMs = clock.monoMs();
  const expiresWallMs = clock.wallMs() + timing.holdMs + timing.activateMs;
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    try {
      const reply = await store.write(key, command);
      const outcome = readTakeReply(command, reply, sentAtMs, clock.monoMs(), timing);
      if (outcome.ok) return { ...outcome, expiresWallMs };
      return { ...outcome, reached: outcome.code === 'assign.no-capacity' };
    } catch (error) {
      if (!(error instanceof OnedoorError)) throw error;
      if (error.code !== 'registry.unreachable') break;
    }
  }
  return { ...refuse('assign.unavailable'), reached: false };
}
