import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { METRICS } from '../../../core/metrics/catalogue.ts';
import { metricsPage } from '../../../tools/metrics-doc.ts';

it('docs/METRICS.md is what the catalogue says; else run `npm run docs:metrics`', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/METRICS.md'), 'utf8');
  expect(page).toBe(metricsPage());
});

it('has a row for each metric', () => {
  const rows = [...metricsPage().matchAll(/^\| `(onedoor_\w+)` \|/gm)].map(([, name]) => name);
  expect(rows.sort()).toEqual(Object.keys(METRICS).sort());
});
