import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRuntimeConfig } from '../../../core/config/runtime-config.ts';
import { POLICY_NAMES } from '../../../core/select/create-policy.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/CONFIGURATION.md'), 'utf8');
const [, section = ''] = page.split('\n## ONEDOOR_CONFIG\n');
const rows = [...section.split('\n## ')[0]!.matchAll(/^\| `([\w.]+)` \| `([^`]+)` \| ([^|]+) \|/gm)].map(
  ([, field, fallback, must]) => ({ field: field!, fallback: JSON.parse(fallback!) as unknown, must: must! }),
);

/** `{a: {b: 1}}` as `{'a.b': 1}`; an empty object is a value. */
function flatten(value: object, prefix = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]: [string, unknown]) =>
      typeof item === 'object' && item !== null && Object.keys(item).length > 0
        ? Object.entries(flatten(item, `${prefix}${key}.`))
        : [[prefix + key, item]],
    ),
  );
}

describe('docs/CONFIGURATION.md', () => {
  it('has every setting of ONEDOOR_CONFIG with its default', () => {
    const described = Object.fromEntries(rows.map(({ field, fallback }) => [field, fallback]));

    expect(described).toEqual(flatten(parseRuntimeConfig(undefined)));
  });

  it('names every policy', () => {
    expect(rows.find(({ field }) => field === 'policy')?.must).toBe(`${POLICY_NAMES.join(', ')}, own:NAME`);
  });

  it.each(rows.filter(({ must }) => /^\d+ to \d+$/.test(must)))('has the true limits of $field', ({ field, must }) => {
    const [least = 0, most = 0] = must.split(' to ').map(Number);
    const accepted = [least - 1, least, most, most + 1].map((value) => {
      const [outer = '', inner] = field.split('.');
      try {
        parseRuntimeConfig(JSON.stringify({ [outer]: inner ? { [inner]: value } : value }));
        return true;
      } catch (error) {
        return !(error as Error).message.includes('whole number');
      }
    });

    expect(accepted).toEqual([false, true, true, false]);
  });

  it('has an example that is accepted', () => {
    const [, example = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];

    expect(parseRuntimeConfig(example).deployment).toBe('arena-eu');
  });
});
