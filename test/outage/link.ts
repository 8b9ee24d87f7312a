import { OnedoorError } from '../../core/errors.ts';
import type { RegistryStore } from '../../core/ports.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The way of one part to the registry. */
export interface Link {
  isCut: boolean;
  /** Writes that landed. */
  writes: number;
  readonly store: RegistryStore;
}

/** As long as a call waits for an answer (adapters/dynamodb). */
const TIMEOUT_MS = 2_000;

type Call = (...args: unknown[]) => Promise<unknown>;

/** A store behind a network: each call takes time, and one that is cut is waited for in vain. */
export function createLink(time: VirtualTime, store: RegistryStore, isAway: () => boolean): Link {
  const pause = (ms: number) => new Promise<void>((resolve) => time.after(ms, resolve));
  const over = (name: string, call: Call) => {
    return async (...args: unknown[]): Promise<unknown> => {
      await pause(time.delayMs() / 4);
      if (link.isCut || isAway()) {
        await pause(TIMEOUT_MS);
        throw new OnedoorError('registry.unreachable', { operation: name });
      }
      const answer = await call(...args);
      if (name === 'write') link.writes++;
      await pause(time.delayMs() / 4);
      return answer;
    };
  };
  const calls = Object.entries(store).map(([name, call]) => [name, over(name, call as Call)]);
  const link: Link = { isCut: false, writes: 0, store: Object.fromEntries(calls) as RegistryStore };
  return link;
}
