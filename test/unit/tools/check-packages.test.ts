import { expect, it } from 'vitest';
import { packageComplaints } from '../../../tools/check-packages.ts';
import { plantTree } from '../../support/temp-tree.ts';

interface Packages {
  readonly manifest?: object;
  readonly locked?: object;
  readonly entry?: object;
  readonly row?: string;
}

/** A tree with one optional package of another system, which npm never has to fetch. */
function aTree({
  manifest = {},
  locked = { part: '1.2.3' },
  entry = {},
  row = '| `part` | a reason | MIT |',
}: Packages): string {
  const top = { name: 'tree', version: '1.0.0' };
  const part = { version: '1.2.3', integrity: 'sha512-AAAA', license: 'MIT', optional: true, os: ['none'], ...entry };
  return plantTree({
    'package.json': JSON.stringify({ ...top, optionalDependencies: { part: '1.2.3' }, ...manifest }),
    'package-lock.json': JSON.stringify({
      ...top,
      lockfileVersion: 3,
      requires: true,
      packages: { '': { ...top, optionalDependencies: locked }, 'node_modules/part': part },
    }),
    'docs/DEPENDENCIES.md': `| package | why | licence |\n|---|---|---|\n${row}\n`,
  });
}

it('a pinned, locked and explained package passes', () => {
  expect(packageComplaints(aTree({}))).toEqual([]);
});

it.each<[string, Packages, string]>([
  [
    'a lock out of step',
    { manifest: { optionalDependencies: { part: '1.2.4' } } },
    "lock file's part@1.2.3 does not satisfy",
  ],
  [
    'a version range',
    { manifest: { optionalDependencies: { part: '^1.2.3' } } },
    '`part` must be one exact version, got: ^1.2.3',
  ],
  ['a run-time dependency', { manifest: { dependencies: {} } }, '`dependencies` must be absent'],
  ['an address in the lock', { entry: { resolved: 'file:x' } }, 'node_modules/part names an address'],
  ['a package without a reason', { row: '' }, 'no reason given for part'],
  ['a wrong licence', { row: '| `part` | a reason | GPL |' }, 'licence of part must be MIT, got: GPL'],
  ['a reason without a package', { row: '| `part` | a | MIT |\n| `gone` | a | MIT |' }, 'gone is not in package.json'],
  ['a package that is not installed', { entry: { os: [process.platform] } }, 'node_modules differs from the lock'],
])(
  '%s is found',
  (_, packages, complaint) => {
    expect(packageComplaints(aTree(packages)).join('\n')).toContain(complaint);
  },
  30_000,
);
