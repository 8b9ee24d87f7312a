import type { PublicKey } from '../ports.ts';

/** The versions of the signing secret by what they are for. */
export interface KeyVersions {
  /** Signs. */
  readonly current: string;
  /** Published so that every agent knows it before it signs. */
  readonly next?: { readonly id: string; readonly madeMs: number };
}

export type KeyStage = 'current' | 'next' | 'previous';

/** Where the versions of the signing secret are kept. Each throws OnedoorError `secret.unreadable`. */
export interface KeyVault {
  versions(): Promise<KeyVersions>;
  /** The public key of a stage, undefined if there is no such version. */
  publicKey(stage: KeyStage): Promise<PublicKey | undefined>;
  /** A new random version becomes `next`. */
  makeNext(): Promise<void>;
  /** `next` becomes `current` and that `previous`. */
  promote(versions: Required<KeyVersions>): Promise<void>;
}

export interface RotationReport {
  readonly rotated: boolean;
  /** Ids of the published keys, the signing one first. */
  readonly kids: readonly string[];
}

/**
 * Keeps three keys published: the one that signs, the next, and the one before, whose tickets are still about. A key
 * signs only after it was published for `periodMs`, so that no agent meets a key that it does not know. A run that
 * breaks off anywhere is mended by the next one.
 */
export async function rotateKeys(options: {
  readonly vault: KeyVault;
  readonly publish: (keys: readonly PublicKey[]) => Promise<void>;
  readonly periodMs: number;
  readonly nowMs: number;
}): Promise<RotationReport> {
  const { vault, publish, periodMs, nowMs } = options;
  const publishAll = async (): Promise<readonly string[]> => {
    const keys = [await vault.publicKey('current'), await vault.publicKey('next'), await vault.publicKey('previous')];
    const known = keys.filter((key) => key !== undefined);
    await publish(known);
    return known.map(({ kid }) => kid);
  };

  const { current, next } = await vault.versions();
  // A run that broke off after `promote` left `next` on the version that signs now.
  if (!next || next.id === current) {
    await vault.makeNext();
    return { rotated: false, kids: await publishAll() };
  }
  if (nowMs - next.madeMs < periodMs) return { rotated: false, kids: await publishAll() };
  await publishAll();
  await vault.promote({ current, next });
  await vault.makeNext();
  return { rotated: true, kids: await publishAll() };
}
