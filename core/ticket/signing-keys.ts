import type { Clock, Mac, PublicKey, Rng, Signer } from '../ports.ts';

/** What is derived from one version of the deployment's secret. */
export interface SecretKeys {
  readonly signer: Signer;
  readonly publicKey: PublicKey;
  /** Makes the cookies of gateways. */
  readonly mac: Mac;
}

export interface SigningKeysOptions {
  /** From the secret as it was at the start. */
  readonly first: SecretKeys;
  /** From the secret as it is now. */
  readonly read: () => Promise<SecretKeys>;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly rng: Pick<Rng, 'float'>;
  /** The secret could not be read; the last keys go on. */
  readonly onError: (error: unknown) => void;
  /** Another key signs from now on. */
  readonly onChange: (kid: string) => void;
}

/** The keys of a door that outlives their rotation. */
export interface SigningKeys {
  /** Always the newest one that was read: its `kid` changes. */
  readonly signer: Signer;
  readonly publicKey: () => PublicKey;
  readonly mac: Mac;
  /** That of the key before this one, whose cookies are still about. */
  readonly macBefore: () => Mac | undefined;
  /** Reads the secret when it is time to; call it about once a second, or with each request. Never rejects. */
  tick(): Promise<void>;
  /** Somebody has seen that the key `kid` signs: if it is another one, the secret is read at the next `tick`. */
  sawSigning(kid: string): void;
}

/** A key is published for days before it signs, and as long after: once in about an hour is soon enough. */
const REREAD_MS = 3_600_000;
/** After a failure, and between two readings that `sawSigning` asks for. */
const RETRY_MS = 30_000;

/**
 * Holds the keys and reads the secret again and again, doors at times of their own. A secret that cannot be read changes
 * nothing: agents take the old key's tickets until long after it was replaced (core/ticket/key-rotation.ts).
 */
export function createSigningKeys(options: SigningKeysOptions): SigningKeys {
  const { first, read, clock, rng, onError, onChange } = options;
  let keys = first;
  let before: SecretKeys | undefined;
  let reading: Promise<void> | undefined;
  let triedAtMs = clock.monoMs();
  let dueAtMs = clock.monoMs() + spread(REREAD_MS);

  /** From three quarters of `ms` to five quarters. */
  function spread(ms: number): number {
    return ms * (0.75 + rng.float() / 2);
  }

  async function reread(): Promise<void> {
    triedAtMs = clock.monoMs();
    try {
      const now = await read();
      dueAtMs = clock.monoMs() + spread(REREAD_MS);
      if (now.signer.kid === keys.signer.kid) return;
      before = keys;
      keys = now;
      onChange(now.signer.kid);
    } catch (error) {
      dueAtMs = clock.monoMs() + spread(RETRY_MS);
      onError(error);
    }
  }

  return {
    signer: {
      get kid() {
        return keys.signer.kid;
      },
      sign: (data) => keys.signer.sign(data),
    },
    publicKey: () => keys.publicKey,
    mac: (data) => keys.mac(data),
    macBefore: () => before?.mac,
    async tick() {
      if (clock.monoMs() < dueAtMs) return;
      reading ??= reread().finally(() => {
        reading = undefined;
      });
      await reading;
    },
    sawSigning(kid) {
      if (kid !== keys.signer.kid) dueAtMs = Math.min(dueAtMs, triedAtMs + RETRY_MS);
    },
  };
}
