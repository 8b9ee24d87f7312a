import { randomBytes } from 'node:crypto';
import {
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
  type SecretVersionsListEntry,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { OnedoorError } from '../../core/errors.ts';
import type { PublicKey } from '../../core/ports.ts';
import type { KeyStage, KeyVault, KeyVersions } from '../../core/ticket/key-rotation.ts';

/** Secrets Manager moves AWSPREVIOUS by itself whenever AWSCURRENT moves; NEXT is ours. */
const STAGES: Readonly<Record<KeyStage, string>> = {
  current: 'AWSCURRENT',
  next: 'ONEDOOR_NEXT',
  previous: 'AWSPREVIOUS',
};
const TRIES = 3;
const TIMEOUT_MS = 5_000;
/** Bytes of a new secret's randomness: as much as the seed made of it. */
const ENTROPY_BYTES = 48;

export interface KeyVaultOptions {
  /** ARN of the secret. */
  readonly secret: string;
  /** The public key that a secret's text makes. */
  readonly publicKeyOf: (secret: Uint8Array) => PublicKey;
  /** Of Secrets Manager. @default the SDK's */
  readonly endpoint?: string;
}

/** The versions of the signing secret in Secrets Manager. */
export function createKeyVault({ secret, publicKeyOf, endpoint }: KeyVaultOptions): KeyVault {
  const client = new SecretsManagerClient({
    ...(endpoint !== undefined && { endpoint }),
    maxAttempts: TRIES,
    requestHandler: { connectionTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS, throwOnRequestTimeout: true },
  });

  async function call<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      if (error instanceof ResourceNotFoundException) throw error;
      const reason = error instanceof Error ? error.name : String(error);
      throw new OnedoorError('secret.unreadable', { ref: secret, reason }, { cause: error });
    }
  }

  async function staged(stage: KeyStage): Promise<SecretVersionsListEntry | undefined> {
    const reply = await call(() => client.send(new ListSecretVersionIdsCommand({ SecretId: secret, MaxResults: 100 })));
    return reply.Versions?.find(({ VersionStages }) => VersionStages?.includes(STAGES[stage]));
  }

  return {
    async versions(): Promise<KeyVersions> {
      const [current, next] = [await staged('current'), await staged('next')];
      if (!current?.VersionId)
        throw new OnedoorError('secret.unreadable', { ref: secret, reason: 'no current version' });
      if (!next?.VersionId) return { current: current.VersionId };
      return { current: current.VersionId, next: { id: next.VersionId, madeMs: next.CreatedDate?.getTime() ?? 0 } };
    },
    async publicKey(stage) {
      try {
        const command = new GetSecretValueCommand({ SecretId: secret, VersionStage: STAGES[stage] });
        const { SecretString } = await call(() => client.send(command));
        return SecretString === undefined ? undefined : publicKeyOf(new TextEncoder().encode(SecretString));
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      }
    },
    async makeNext() {
      const SecretString = randomBytes(ENTROPY_BYTES).toString('base64url');
      await call(() =>
        client.send(new PutSecretValueCommand({ SecretId: secret, SecretString, VersionStages: [STAGES.next] })),
      );
    },
    async promote({ current, next }) {
      const command = new UpdateSecretVersionStageCommand({
        SecretId: secret,
        VersionStage: STAGES.current,
        MoveToVersionId: next.id,
        RemoveFromVersionId: current,
      });
      await call(() => client.send(command));
    },
  };
}
