/**
 * Checks package.json and the lock: every version pinned, nothing at run time but what is bundled, no address in the
 * lock, lock and installed tree in step, and one line in docs/DEPENDENCIES.md for each package.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface LockEntry {
  readonly resolved?: string;
  readonly version?: string;
  readonly license?: string;
}

function manifestComplaints(manifest: Manifest): string[] {
  const all = Object.entries({ ...manifest.devDependencies, ...manifest.optionalDependencies });
  const loose = all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
  return [
    ...(manifest.dependencies ? ['package.json: `dependencies` must be absent: what ships is bundled'] : []),
    ...loose.map(([name, version]) => `package.json: \`${name}\` must be one exact version, got: ${version}`),
  ];
}

function lockComplaints(lock: string): string[] {
  const addressed = Object.entries((JSON.parse(lock) as { packages: Record<string, LockEntry> }).packages).filter(
    ([, entry]) => entry.resolved !== undefined,
  );
  return [
    ...addressed.map(
      ([path]) => `package-lock.json: ${path} names an address (npm reads .npmrc of this folder: keep it)`,
    ),
    ...(/https?:\/\/[^"]*\.tgz/.test(lock) ? ['package-lock.json: holds the address of an archive'] : []),
  ];
}

/** `npm ci --dry-run` fails where package.json and the lock differ, and lists what the installed tree lacks. */
function installComplaints(root: string): string[] {
  const { status, stdout, stderr } = spawnSync('npm', ['ci', '--dry-run'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) {
    const lines = stderr.split('\n').filter((line) => /Missing|Invalid|code E/.test(line));
    return lines.length > 0 ? lines : [stderr];
  }
  const differing = stdout.split('\n').filter((line) => /^(add|change|remove) /.test(line));
  return differing.map((line) => `node_modules differs from the lock (npm ci mends it): ${line}`);
}

function documentComplaints(manifest: Manifest, lock: string, page: string): string[] {
  const packages = (JSON.parse(lock) as { packages: Record<string, LockEntry> }).packages;
  const rows = new Map(
    page
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .filter((cells) => cells[1]?.startsWith('`'))
      .map((cells) => [cells[1]?.replaceAll('`', '') ?? '', { why: cells[2] ?? '', licence: cells[3] ?? '' }]),
  );
  const names = Object.keys({ ...manifest.devDependencies, ...manifest.optionalDependencies });
  const complaints = names.flatMap((name) => {
    const row = rows.get(name);
    if (!row?.why) return [`docs/DEPENDENCIES.md: no reason given for ${name}`];
    const licence = packages[`node_modules/${name}`]?.license;
    return licence === row.licence
      ? []
      : [`docs/DEPENDENCIES.md: licence of ${name} must be ${licence}, got: ${row.licence}`];
  });
  const gone = [...rows.keys()].filter((name) => !names.includes(name));
  return [...complaints, ...gone.map((name) => `docs/DEPENDENCIES.md: ${name} is not in package.json`)];
}

/** Everything that is wrong with the packages of the tree at `root`, one line each. */
export function packageComplaints(root: string): string[] {
  const text = (path: string): string => readFileSync(join(root, path), 'utf8');
  const manifest = JSON.parse(text('package.json')) as Manifest;
  const lock = text('package-lock.json');
  return [
    ...manifestComplaints(manifest),
    ...lockComplaints(lock),
    ...documentComplaints(manifest, lock, text('docs/DEPENDENCIES.md')),
    ...installComplaints(root),
  ];
}

if (import.meta.main) {
  const complaints = packageComplaints(join(import.meta.dirname, '..'));
  for (const line of complaints) console.error(line);
  process.exitCode = complaints.length > 0 ? 1 : 0;
}
