import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadSecret } from '../../../adapters/secrets/load-secret.ts';
import { OnedoorError } from '../../../core/errors.ts';

const CONTENT = 'fifty dollars and a very long random text';
const folder = mkdtempSync(join(tmpdir(), 'onedoor-secret-'));
afterAll(() => rmSync(folder, { recursive: true }));

function aFile(name: string, mode: number): string {
  const path = join(folder, name);
  writeFileSync(path, CONTENT);
  chmodSync(path, mode);
  return `file:${path}`;
}

async function reasonOf(loading: Promise<unknown>): Promise<string> {
  const error = await loading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof OnedoorError)) throw new Error(`expected an OnedoorError, got: ${String(error)}`);
  expect(error.code).toBe('secret.unreadable');
  expect(`${error.stack} ${JSON.stringify(error.payload)}`).not.toContain(CONTENT);
  return String(error.payload['reason']);
}

describe('secrets in files', () => {
  it('are read as bytes when the owner alone can', async () => {
    for (const mode of [0o600, 0o400]) {
      expect(new TextDecoder().decode(await loadSecret(aFile(`good-${mode}`, mode)))).toBe(CONTENT);
    }
  });

  it('are refused when anybody else can read them', async () => {
    for (const mode of [0o644, 0o640, 0o604]) {
      const reason = await reasonOf(loadSecret(aFile(`bad-${mode}`, mode)));
      expect(reason).toBe(`its mode must let the owner alone read it (chmod 600), got: ${mode.toString(8)}.`);
    }
  });

  it('are missed with the reason of the system', async () => {
    expect(await reasonOf(loadSecret(`file:${folder}/none`))).toBe('ENOENT');
    expect(await reasonOf(loadSecret(`file:${folder}`))).toBe('EISDIR');
  });

  it('have a reference of one of the two forms', async () => {
    expect(await reasonOf(loadSecret('/etc/secret'))).toContain('must be `file:<path>` or the ARN');
  });
});

describe('secrets in Secrets Manager', () => {
  const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:onedoor-AbCdEf';
  let answer: { status: number; body: object };
  let asked: string[] = [];
  const server = createServer(async (request, response) => {
    const text = (await request.setEncoding('utf8').toArray()).join('');
    asked.push(String(request.headers['x-amz-target']), text, String(request.headers.authorization));
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answer.body));
  });
  let endpoint = '';
  beforeAll(async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    server.close();
    server.closeAllConnections();
  });
  afterEach(() => {
    asked = [];
  });

  it('are asked for in the region of the ARN', async () => {
    answer = { status: 200, body: { ARN, SecretString: CONTENT } };
    expect(new TextDecoder().decode(await loadSecret(ARN, { endpoint }))).toBe(CONTENT);
    expect(asked[0]).toBe('secretsmanager.GetSecretValue');
    expect(JSON.parse(asked[1] ?? '')).toEqual({ SecretId: ARN });
    expect(asked[2]).toContain('/eu-central-1/secretsmanager/');
  });

  it('may be binary', async () => {
    answer = { status: 200, body: { ARN, SecretBinary: Buffer.of(0, 255, 7).toString('base64') } };
    expect([...(await loadSecret(ARN, { endpoint }))]).toEqual([0, 255, 7]);
  });

  it('are asked for again while the service is too busy', async () => {
    answer = { status: 400, body: { __type: 'ThrottlingException', message: 'slow down' } };
    expect(await reasonOf(loadSecret(ARN, { endpoint }))).toBe('ThrottlingException');
    expect(asked.filter((text) => text === 'secretsmanager.GetSecretValue')).toHaveLength(3);
  });

  it('are unreadable where the role may not read them, or they have no value', async () => {
    answer = { status: 400, body: { __type: 'AccessDeniedException', message: 'no' } };
    expect(await reasonOf(loadSecret(ARN, { endpoint }))).toBe('AccessDeniedException');
    answer = { status: 200, body: { ARN } };
    expect(await reasonOf(loadSecret(ARN, { endpoint }))).toBe('it has no value');
  });
});
