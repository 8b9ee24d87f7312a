import { ConfigError } from '../../core/errors.ts';
import { callAgain } from './calls.ts';
import type { DynamoClient } from './client.ts';

/** What machines shall run: the item `VERSION#<program>`, which lib/boot/updater.sh reads. */
export interface WantedVersion {
  /** `agent` or `door`. */
  readonly program: string;
  /** For people: `1.4.0+0a1b2c3d`. */
  readonly version: string;
  /** Where the program is: `s3://bucket/key`. */
  readonly uri: string;
  /** SHA-256 of its bytes, in hex. */
  readonly sha256: string;
}

/** Format of the item. An updater leaves the machine as it is when it finds another one. */
const FORMAT = 1;

const FIELDS: Readonly<Record<keyof WantedVersion, RegExp>> = {
  program: /^(agent|door)$/,
  version: /^[^\s]{1,64}$/,
  uri: /^s3:\/\/[^\s]+$/,
  sha256: /^[0-9a-f]{64}$/,
};

/** Throws ConfigError if `wanted` cannot be, OnedoorError `registry.*` if it cannot be written. */
export async function writeWantedVersion(client: DynamoClient, table: string, wanted: WantedVersion): Promise<void> {
  const problems = Object.entries(FIELDS).flatMap(([name, form]) => {
    const value = wanted[name as keyof WantedVersion];
    return form.test(value ?? '') ? [] : [`\`${name}\` must be like ${form.source}, got: ${value}.`];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  const { program, version, uri, sha256 } = wanted;
  const input = {
    TableName: table,
    Item: {
      pk: { S: `VERSION#${program}` },
      v: { N: String(FORMAT) },
      version: { S: version },
      uri: { S: uri },
      sha256: { S: sha256 },
    },
  };
  await callAgain({ client, table }, 'PutItem', input);
}
