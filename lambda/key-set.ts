import type { Clock, PublicKey } from '../core/ports.ts';

export interface KeySetOptions {
  readonly read: () => Promise<readonly PublicKey[]>;
  /** The key that signs here: published whatever the registry says. */
  readonly own: PublicKey;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly onError: (error: unknown) => void;
}

/** Keys change once in weeks, and each is published long before it signs. */
const KEEP_MS = 60_000;

/** The public keys of the deployment, as of the last time that the registry answered. Never rejects. */
export function createKeySet({ read, own, clock, onError }: KeySetOptions): () => Promise<readonly PublicKey[]> {
  let keys: readonly PublicKey[] = [own];
  let triedAtMs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (clock.monoMs() - triedAtMs < KEEP_MS) return keys;
    triedAtMs = clock.monoMs();
    try {
      const others = (await read()).filter(({ kid }) => kid !== own.kid);
      keys = [own, ...others];
    } catch (error) {
      onError(error);
    }
    return keys;
  };
}
