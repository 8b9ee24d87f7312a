import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { OnedoorError } from '../../core/errors.ts';
import { type Access, environmentAccess } from '../aws/access.ts';
import { JsonService, ServiceError } from '../aws/service.ts';

const FILE = 'file:';
const TRIES = 3;
const TIMEOUT_MS = 5_000;
const RETRY_MS = 200;
export interface SecretOptions {
  /** Of Secrets Manager. @default AWS_ENDPOINT_URL_SECRETS_MANAGER, else the region's */
  readonly endpoint?: string;
  /** Who asks. @default the environment's */
  readonly access?: Access;
}

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

/** Asks again while the service cannot be reached, or is too busy or in trouble of its own; its refusals are final. */
async function askAgain(service: JsonService, body: string): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      return await service.call('GetSecretValue', body, { timeoutMs: TIMEOUT_MS, repeatable: true });
    } catch (error) {
      const isFinal = error instanceof ServiceError && !error.isPassing;
      if (isFinal || tries === TRIES) throw error;
      await delay(RETRY_MS * tries);
    }
  }
}

async function fromSecretsManager(ref: string, { endpoint, access }: SecretOptions): Promise<Uint8Array> {
  const { credentials, region } = access ?? environmentAccess();
  const { AWS_ENDPOINT_URL_SECRETS_MANAGER: own, AWS_ENDPOINT_URL: any } = process.env;
  const url = endpoint ?? own ?? any;
  const service = new JsonService({
    name: 'secretsmanager',
    target: 'secretsmanager',
    contentType: 'application/x-amz-json-1.1',
    // The region stands in the ARN: arn:aws:secretsmanager:<region>:<account>:secret:<name>.
    access: { credentials, region: () => ref.split(':')[3] || region() },
    ...(url && { endpoint: url }),
  });
  try {
    const { SecretBinary, SecretString } = JSON.parse(await askAgain(service, JSON.stringify({ SecretId: ref })));
    if (typeof SecretBinary === 'string') return new Uint8Array(Buffer.from(SecretBinary, 'base64'));
    if (typeof SecretString === 'string') return new TextEncoder().encode(SecretString);
    throw unreadable(ref, 'it has no value');
  } catch (error) {
    throw error instanceof OnedoorError ? error : unreadable(ref, nameOf(error), error);
  } finally {
    service.destroy();
  }
}

/**
 * The bytes of a secret: `file:<path>`, readable by its owner alone, or the ARN of a secret in Secrets Manager. Throws
 * OnedoorError `secret.unreadable`, which never holds the content.
 */
export async function loadSecret(ref: string, options: SecretOptions = {}): Promise<Uint8Array> {
  if (ref.startsWith(FILE)) return fromFile(ref);
  if (/^arn:[^:]+:secretsmanager:/.test(ref)) return fromSecretsManager(ref, options);
  throw unreadable(ref, 'it must be `file:<path>` or the ARN of a secret in Secrets Manager.');
}
