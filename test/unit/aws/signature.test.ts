import { createHash, createHmac } from 'node:crypto';
import { SignatureV4, type SignatureV4Init } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestSigner } from '../../../adapters/aws/signature.ts';

/** What the SDK's signer wants for a hash. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | Uint8Array | ArrayBuffer) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

const text = (minLength: number) => fc.string({ minLength, maxLength: 60, unit: fc.constantFrom(...'abcXYZ019/+=') });

type HashConstructor = NonNullable<SignatureV4Init['sha256']>;

describe('a signed request', () => {
  it('has the headers that the SDK’s own signer makes, to the byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          service: fc.constantFrom('dynamodb', 'secretsmanager'),
          region: fc.constantFrom('eu-central-1', 'us-gov-west-1', 'cn-north-1'),
          accessKeyId: text(1),
          secretAccessKey: text(1),
          sessionToken: fc.option(text(1), { nil: undefined }),
          body: fc.string({ unit: 'binary', maxLength: 300 }),
          date: fc.date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
        }),
        async ({ service, region, body, date, ...credentials }) => {
          const headers = {
            'content-type': 'application/x-amz-json-1.0',
            host: `${service}.${region}.amazonaws.com`,
            'x-amz-target': 'DynamoDB_20120810.UpdateItem',
          };
          const { accessKeyId, secretAccessKey, sessionToken } = credentials;
          const identity = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
          const theirs = new SignatureV4({
            ...{ service, region, credentials: identity, applyChecksum: false },
            sha256: Sha256 as unknown as HashConstructor,
          });
          const request = {
            method: 'POST',
            protocol: 'https:',
            hostname: headers.host,
            path: '/',
            query: {},
            headers,
            body,
          };
          const signed = await theirs.sign(request, { signingDate: date });
          const ours = new RequestSigner({ service, region }).sign(headers, body, credentials, date.getTime());
          expect(ours).toEqual(signed.headers);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is made with the key of its own day and of its own credentials', () => {
    const signer = new RequestSigner({ service: 'dynamodb', region: 'eu-central-1' });
    const fresh = () => new RequestSigner({ service: 'dynamodb', region: 'eu-central-1' });
    const first = { accessKeyId: 'one', secretAccessKey: 'a' };
    const second = { accessKeyId: 'two', secretAccessKey: 'b' };
    const day = 86_400_000;
    for (const [who, wallMs] of [
      [first, 0],
      [first, day],
      [second, day],
      [first, day],
    ] as const) {
      expect(signer.sign({ host: 'x' }, '', who, wallMs)).toEqual(fresh().sign({ host: 'x' }, '', who, wallMs));
    }
  });
});
