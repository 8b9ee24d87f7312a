import type { Clock, PublicKey } from '../core/ports.ts';

export interface KeySetOptions {
  readonly read: () => Promise<readonly PublicKey[]>;
  /** The key that signs here now: published whatever the registry says. */
  readonly own: () => PublicKey;
  /** Told which key the registry names first: the one that signs. */
  readonly sawSigning: (kid: string) => void;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly onError: (error: unknown) => void;
}

/** Keys change once in weeks, and each is published long before it signs. */
const KEEP_MS = 60_000;

/**
 * The public keys of the deployment, as of the last time that the registry answered; the same array while they are the
 * same. Never rejects.
 */
export function createKeySet({
  read,
  own,
  sawSigning,
  clock,
  onError,
}: KeySetOptions): () => Promise<readonly PublicKey[]> {
  let published: readonly PublicKey[] = [];
  let triedAtMs = Number.NEGATIVE_INFINITY;
  let known: readonly PublicKey[] = [];
  return async () => {
    if (clock.monoMs() - triedAtMs >= KEEP_MS) {
      triedAtMs = clock.monoMs();
      try {
        published = await read();
        if (published[0]) sawSigning(published[0].kid);
      } catch (error) {
        onError(error);
      }
    }
    const mine = own();
    const now = [mine, ...published.filter(({ kid }) => kid !== mine.kid)];
    if (!isSame(now, known)) known = now;
    return known;
  };
}

function isSame(some: readonly PublicKey[], others: readonly PublicKey[]): boolean {
  return (
    some.length === others.length && some.every(({ kid, x }, at) => kid === others[at]!.kid && x === others[at]!.x)
  );
}
