import { open } from 'node:fs/promises';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { OnedoorError } from '../../core/errors.ts';

const FILE = 'file:';
const TRIES = 3;
const TIMEOUT_MS = 5_000;
/** Group and others: the owner alone may read a secret. */
const NOT_THE_OWNER = 0o077;

function unreadable(ref: string, reason: string, cause?: unknown): OnedoorError {
  return new OnedoorError('secret.unreadable', { ref, reason }, { cause });
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

async function fromFile(ref: string): Promise<Uint8Array> {
  const failed = (error: unknown): never => {
    throw unreadable(ref, nameOf(error), error);
  };
  const file = await open(ref.slice(FILE.length), 'r').catch(failed);
  try {
    const mode = (await file.stat()).mode & 0o777;
    if ((mode & NOT_THE_OWNER) !== 0) {
      throw unreadable(ref, `its mode must let the owner alone read it (chmod 600), got: ${mode.toString(8)}.`);
    }
    return await file.readFile().catch(failed);
  } finally {
    await file.close();
  }
}

async function fromSecretsManager(ref: string, endpoint: string | undefined): Promise<Uint8Array> {
  // The region stands in the ARN: arn:aws:secretsmanager:<region>:<account>:secret:<name>.
  const region = ref.split(':')[3];
  const client = new SecretsManagerClient({
    ...(region && { region }),
    ...(endpoint !== undefined && { endpoint }),
    maxAttempts: TRIES,
    requestHandler: { connectionTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS, throwOnRequestTimeout: true },
  });
  try {
    const { SecretBinary, SecretString } = await client.send(new GetSecretValueCommand({ SecretId: ref }));
    const bytes = SecretBinary ?? (SecretString === undefined ? undefined : new TextEncoder().encode(SecretString));
    if (!bytes) throw unreadable(ref, 'it has no value');
    return bytes;
  } catch (error) {
    throw error instanceof OnedoorError ? error : unreadable(ref, nameOf(error), error);
  } finally {
    client.destroy();
  }
}

/**
 * The bytes of a secret: `file:<path>`, readable by its owner alone, or the ARN of a secret in Secrets Manager. Throws
 * OnedoorError `secret.unreadable`, which never holds the content.
 *
 * @param options.endpoint of Secrets Manager. @default the SDK's
 */
export async function loadSecret(ref: string, options: { readonly endpoint?: string } = {}): Promise<Uint8Array> {
  if (ref.startsWith(FILE)) return fromFile(ref);
  if (/^arn:[^:]+:secretsmanager:/.test(ref)) return fromSecretsManager(ref, options.endpoint);
  throw unreadable(ref, 'it must be `file:<path>` or the ARN of a secret in Secrets Manager.');
}
