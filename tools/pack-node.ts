/**
 * Packs the pinned Node for the machines of a deployment, each architecture into dist/node/node-<arch>.gz. npm installs
 * only the one of this machine; another one is fetched by `npm pack` and checked against the lock.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'dist/node');

interface Locked {
  readonly version: string;
  readonly integrity: string;
}

function lockedPackage(name: string): Locked {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const locked = lock.packages[`node_modules/${name}`];
  if (!locked) throw new Error(`${name} is not in package-lock.json`);
  return locked;
}

/** The program of a package that is not installed. */
function fetchProgram(name: string, { version, integrity }: Locked): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'pack-node-'));
  try {
    const options = ['--silent', '--pack-destination', folder];
    const archive = execFileSync('npm', ['pack', ...options, `${name}@${version}`], { encoding: 'utf8' }).trim();
    const path = join(folder, archive);
    const found = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
    if (found !== integrity) throw new Error(`${name}@${version} must be ${integrity}, got: ${found}`);
    execFileSync('tar', ['--extract', '--file', path, '--directory', folder, 'package/bin/node']);
    return readFileSync(join(folder, 'package/bin/node'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Packs one architecture unless the same version is there already. */
function packNode(architecture: 'x64' | 'arm64'): void {
  const name = `node-linux-${architecture}`;
  const locked = lockedPackage(name);
  const out = join(OUT, `node-${architecture}.gz`);
  const stamp = `${out}.version`;
  if (existsSync(out) && existsSync(stamp) && readFileSync(stamp, 'utf8') === locked.version) return;
  const installed = join(ROOT, 'node_modules', name, 'bin/node');
  const program = existsSync(installed) ? readFileSync(installed) : fetchProgram(name, locked);
  mkdirSync(OUT, { recursive: true });
  writeFileSync(`${out}.${process.pid}`, gzipSync(program));
  renameSync(`${out}.${process.pid}`, out);
  writeFileSync(stamp, locked.version);
  console.log(`dist/node/node-${architecture}.gz: Node ${locked.version}`);
}

packNode('x64');
packNode('arm64');
