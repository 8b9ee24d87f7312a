import { describe, expect, it } from 'vitest';
import {
  integer,
  list,
  oneOf,
  optional,
  parse,
  type Rule,
  record,
  refine,
  shape,
  text,
  variant,
  withDefault,
} from '../../../core/config/schema.ts';
import { ConfigError } from '../../../core/errors.ts';

function problemsOf(rule: Rule<unknown>, value: unknown): readonly string[] {
  try {
    parse(rule, value);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const ADDRESS = shape<{ port: number; host?: string }>({
  port: withDefault(integer(1, 9), 7),
  host: optional(text('a host', /^[a-z]+$/)) as Rule<string>,
});

describe('a rule', () => {
  it('lists every mistake with its path', () => {
    const rule = shape({ first: list(ADDRESS, 1, 2), second: oneOf('a', 'b') });
    expect(problemsOf(rule, { first: [{ port: 3 }, { port: 10, host: 'X' }], second: 'c' })).toEqual([
      '`first[1].port` must be a whole number between 1 and 9, got: 10.',
      '`first[1].host` must be a host, got: X.',
      '`second` must be one of a, b, got: c.',
    ]);
  });

  it('refuses a key that it does not know and names those it knows', () => {
    expect(problemsOf(ADDRESS, { prot: 3 })).toEqual([
      '`prot` must be left out: there is no such key; known are port, host.',
    ]);
  });

  it('fills in a default and keeps a value given', () => {
    expect(parse(ADDRESS, {})).toEqual({ port: 7 });
    expect(parse(ADDRESS, { port: 2 })).toEqual({ port: 2 });
  });

  it('checks a default like any other value', () => {
    expect(problemsOf(withDefault(integer(1, 3), 4), undefined)).toHaveLength(1);
  });

  it('names what is missing', () => {
    expect(problemsOf(shape({ size: integer(0, 1) }), {})).toEqual([
      '`size` must be a whole number between 0 and 1, got: nothing.',
    ]);
  });

  it.each([null, 3, 'text', [1]])('refuses %j where an object is wanted', (value) => {
    expect(problemsOf(ADDRESS, value)[0]).toMatch(/^`the configuration` must be an object, got: /);
  });

  it('limits a list and a record', () => {
    expect(problemsOf(list(integer(0, 9), 1, 2), [1, 2, 3])).toEqual([
      '`the configuration` must be a list of 1 to 2, got: [1,2,3].',
    ]);
    expect(problemsOf(record(text('a-z', /^[a-z]+$/), integer(0, 9), 2), { a: 1, B: 10 })).toEqual([
      '`name of B` must be a-z, got: B.',
      '`B` must be a whole number between 0 and 9, got: 10.',
    ]);
    expect(problemsOf(record(text('a-z', /^[a-z]+$/), integer(0, 9), 1), { a: 1, b: 2 })).toHaveLength(1);
  });

  it('tells shapes apart by their tag', () => {
    const rule = variant<{ kind: string }>('kind', {
      plain: shape({ kind: oneOf('plain') }),
      sized: shape<{ kind: string; size: number }>({ kind: oneOf('sized'), size: integer(1, 2) }),
    });
    expect(parse(rule, { kind: 'plain' })).toEqual({ kind: 'plain' });
    expect(problemsOf(rule, { kind: 'sized' })).toEqual([
      '`size` must be a whole number between 1 and 2, got: nothing.',
    ]);
    expect(problemsOf(rule, { kind: 'round' })).toEqual(['`kind` must be one of plain, sized, got: round.']);
    expect(problemsOf(rule, 1)).toHaveLength(1);
  });

  it('looks at the whole only when its parts are right', () => {
    const rule = refine(ADDRESS, ({ port }) => [`port ${port}`]);
    expect(problemsOf(rule, { port: 2 })).toEqual(['port 2']);
    expect(problemsOf(rule, { port: 'x' })).toEqual(['`port` must be a whole number between 1 and 9, got: x.']);
  });

  it('cuts a long value in the message', () => {
    expect(problemsOf(text('short', /^.{1,3}$/), 'x'.repeat(500))[0]?.length).toBeLessThan(120);
  });
});
