import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDeployConfig } from '../../../core/config/parse-deploy-config.ts';
import { ConfigError } from '../../../core/errors.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/CONFIGURATION.md'), 'utf8');
const [, section = ''] = page.split('\n## onedoor.config.ts\n');
const [deployment = '', fleets = ''] = section.split('\n## ')[0]!.split('\n### Fleets\n');

interface Row {
  readonly field: string;
  readonly fallback: string;
}

function rowsOf(table: string): readonly Row[] {
  return [...table.matchAll(/^\| (`[^|]+) \| ([^|]+) \|/gm)].flatMap(([, fields = '', fallback = '']) =>
    [...fields.matchAll(/`([\w.]+)`/g)].map(([, field = '']) => ({ field, fallback })),
  );
}

/** The keys that a place in the configuration knows, as it says itself. */
function knownAt(input: object, path: string): readonly string[] {
  try {
    parseDeployConfig(input);
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [];
    const found = problems.find((problem) => problem.startsWith(`\`${path}nonsense\` must be left out`));
    if (found) return /known are (.*)\.$/.exec(found)![1]!.split(', ');
  }
  throw new Error(`no complaint about ${path}nonsense`);
}

function at(config: object, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], config);
}

function expectDefaults(rows: readonly Row[], config: object): void {
  for (const { field, fallback } of rows) {
    const value = at(config, field);
    if (fallback === '—') expect(value, field).toBeUndefined();
    else if (fallback.startsWith('`')) expect(value, field).toEqual(JSON.parse(fallback.slice(1, -1)));
  }
}

describe('docs/CONFIGURATION.md on onedoor.config.ts', () => {
  it('has every field of the deployment with its default', () => {
    const rows = rowsOf(deployment);
    const groups = ['network', 'assign', 'gateway', 'domain'];
    const top = knownAt({ nonsense: 1 }, '');
    const inner = groups.flatMap((group) =>
      knownAt({ [group]: { nonsense: 1 } }, `${group}.`).map((key) => `${group}.${key}`),
    );
    const expected = [...top.filter((key) => !groups.includes(key)), ...inner];
    expect(rows.map(({ field }) => field).sort()).toEqual(expected.sort());
    expectDefaults(rows, parseDeployConfig({}));
  });

  it('has every field of a fleet with its default', () => {
    const rows = rowsOf(fleets);
    const known = knownAt({ fleets: [{ nonsense: 1 }] }, 'fleets[0].');
    expect(rows.map(({ field }) => field).sort()).toEqual([...known].sort());
    expectDefaults(rows, parseDeployConfig({ fleets: [{ name: 'a', app: 'a', capacity: 1 }] }).fleets[0]!);
  });

  it('names every field of existing servers', () => {
    const text = fleets.slice(fleets.indexOf('`existingServers[]`'));
    for (const key of knownAt({ existingServers: [{ nonsense: 1 }] }, 'existingServers[0].')) {
      expect(text).toContain(`\`${key}\``);
    }
  });
});
