import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeInfo, codeName, ERROR_CODES, type ErrorCode } from '../../../core/errors.ts';
import { errorsPage } from '../../../tools/errors-doc.ts';

describe('docs/ERRORS.md', () => {
  it('is what the table of codes says; else run `npm run docs:errors`', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/ERRORS.md'), 'utf8');

    expect(page).toBe(errorsPage());
  });

  it('has a row for each code', () => {
    const rows = [...errorsPage().matchAll(/^\| `([^`]+)` \|/gm)].map(([, code]) => code);

    expect(rows.sort()).toEqual(Object.keys(ERROR_CODES).sort());
  });
});

describe('the table of codes', () => {
  it('has each number and each name on the wire once', () => {
    const codes = Object.keys(ERROR_CODES) as ErrorCode[];
    const onWire = codes.filter((code) => codeInfo(code).wire !== undefined);
    const numbers = onWire.map((code) => codeInfo(code).wire);

    expect(numbers.sort((a, b) => a! - b!)).toEqual(onWire.map((_, index) => index + 1));
    expect(new Set(onWire.map(codeName)).size).toBe(onWire.length);
  });

  it('has statuses of refusals and failures', () => {
    for (const { http } of Object.values(ERROR_CODES))
      expect(http).toSatisfy((status: number) => status >= 400 && status < 600);
  });
});
