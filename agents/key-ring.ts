import { createVerifier } from '../adapters/crypto/verifier.ts';
import type { AgentStore, Clock, Verify } from '../core/ports.ts';
import { createOutage, type Log } from './log.ts';

/** The deployment's public keys, read again and again: a key that is rotated in is known before it signs. */
export interface KeyRing {
  readonly verify: Verify;
  start(): void;
  stop(): void;
}

const REFRESH_MS = 60_000;
/** A ticket with a key that is not known asks for the keys again, but forged ones shall not keep the registry busy. */
const UNKNOWN_REFRESH_MS = 5_000;

export function createKeyRing(store: Pick<AgentStore, 'readKeys'>, clock: Clock, log: Log): KeyRing {
  const outage = createOutage(
    log,
    'the public keys cannot be read; going on with the last ones',
    'the public keys are read again',
  );
  let verify: Verify = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let isStopped = false;

  async function refresh(): Promise<void> {
    clearTimeout(timer);
    askedAtMs = clock.monoMs();
    let isGood = false;
    try {
      const keys = await store.readKeys();
      verify = createVerifier(keys);
      isGood = keys.length > 0;
      outage.good();
    } catch (error) {
      outage.bad(error);
    }
    clearTimeout(timer);
    if (!isStopped) timer = setTimeout(() => void refresh(), isGood ? REFRESH_MS : UNKNOWN_REFRESH_MS);
  }

  return {
    verify(kid, data, signature) {
      const result = verify(kid, data, signature);
      if (result === undefined && !isStopped && clock.monoMs() - askedAtMs >= UNKNOWN_REFRESH_MS) void refresh();
      return result;
    },
    start: () => void refresh(),
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
