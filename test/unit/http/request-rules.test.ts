import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import type { ProblemPath } from '../../../adapters/http/problem.ts';
import { ROUTES } from '../../../adapters/http/routes.ts';
import type { Rule } from '../../../adapters/http/rules.ts';
import { SCHEMAS } from '../../../adapters/http/schemas.ts';

/** Text around the limits: of 24, 32 and more bytes, with letters of one to four bytes and halves of surrogates. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom('', 'a', 'é'.repeat(16), 'é'.repeat(17), 'a'.repeat(32), 'a'.repeat(33), '\ud800', '😀'.repeat(8)),
);
const anything = fc.oneof({ weight: 3, arbitrary: text }, fc.anything({ maxDepth: 2 }));
const names = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'prototype'));
const lists = fc.array(anything, { maxLength: 40 });
const record = fc
  .array(fc.tuple(names, fc.oneof(anything, fc.double({ min: -1, max: 60_001 }))), { maxLength: 34 })
  .map(
    (pairs) =>
      JSON.parse(
        `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value) ?? 'null'}`).join()}}`,
      ) as unknown,
  );
const value = fc.oneof(
  anything,
  lists,
  record,
  fc.constantFrom(4, 6, true, false, 'silent', 'refused', '1', '1000', '1001', '1e2', ' 7', ''),
);

const fieldsOf = (schema: v.GenericSchema): string[] => Object.keys((schema as { entries?: object }).entries ?? {});

function judged<T>(rule: Rule<T>, given: object) {
  const errors: ProblemPath[] = [];
  const made = rule(given, '', errors);
  return { errors, made };
}

function pathOf({ path }: v.BaseIssue<unknown>, prefix: string): string {
  return (path ?? []).reduce(
    (at, { key }) => (typeof key === 'number' ? `${at}[${key}]` : `${at === '' ? prefix : `${at}.`}${key}`),
    '',
  );
}

describe('the rules of requests', () => {
  it.each([
    ['assign', ROUTES.assign.body, SCHEMAS.assign.body, ''],
    ['report', ROUTES.report.body, SCHEMAS.report.body, ''],
    ['servers', ROUTES.servers.query, SCHEMAS.servers.query, '?'],
  ] as const)(
    'of %s judge as the schema of docs/openapi.yaml does, and make the same value',
    (_, rule, schema, prefix) => {
      const body = fc.dictionary(
        fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...fieldsOf(schema)) }, names),
        value,
        { maxKeys: 6 },
      );
      fc.assert(
        fc.property(body, (given) => {
          // What JSON or a query can say.
          const said = JSON.parse(JSON.stringify(given)) as Record<string, unknown>;
          const asked =
            prefix === ''
              ? said
              : Object.fromEntries(
                  Object.entries(said).map(([name, each]) => [
                    name,
                    typeof each === 'string' ? each : JSON.stringify(each),
                  ]),
                );
          const { errors, made } = judged(rule as Rule<object>, asked);
          const expected = v.safeParse(schema, asked, { abortPipeEarly: true });
          const paths = (expected.issues ?? []).map((issue) => pathOf(issue, prefix));
          expect(errors.map(({ path }) => path).sort()).toEqual(paths.sort());
          if (expected.success) expect(JSON.stringify(made)).toBe(JSON.stringify(expected.output));
        }),
        { numRuns: 500 },
      );
    },
  );

  it('tell a report without its ticket what is missing', () => {
    expect(judged(ROUTES.report.body, {}).errors).toEqual([{ path: 'ticket', message: 'must be given' }]);
  });
});
