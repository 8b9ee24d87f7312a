import { ConfigError } from '../../core/errors.ts';
import type { Credentials } from './signature.ts';

/** Who calls, and where. */
export interface Access {
  /** Asked before each call: whoever gives them keeps them fresh. */
  readonly credentials: () => Credentials | Promise<Credentials>;
  readonly region: () => string | Promise<string>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What stands in the environment, as in a Lambda function: its credentials live longer than its environment. Calls throw
 * ConfigError where something is missing.
 */
export function environmentAccess(env: Environment = process.env): Access {
  return {
    credentials() {
      const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: token } = env;
      if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey, sessionToken: token || undefined };
      throw new ConfigError([
        '`AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` must be set in the environment, got: nothing.',
      ]);
    },
    region() {
      const region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'];
      if (region) return region;
      throw new ConfigError(['`AWS_REGION` must be set in the environment, got: nothing.']);
    },
  };
}
