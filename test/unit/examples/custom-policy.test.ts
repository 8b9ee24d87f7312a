import { describe, expect, it } from 'vitest';
import { parseRuntimeConfig } from '../../../core/config/runtime-config.ts';
import { createPolicy } from '../../../core/select/create-policy.ts';
import type { OwnPolicies } from '../../../core/select/policy.ts';
import { together } from '../../../examples/custom-policy/together.ts';
import { aPool, aQuery, aServer } from '../../support/builders.ts';

const own: OwnPolicies = { 'own:together': together };

describe('the example of a policy', () => {
  const policy = createPolicy('own:together', own);
  const pool = (...free: readonly number[]) =>
    aPool(free.map((seats, n) => aServer({ id: `s-${n}.0`, free: seats, capacity: 10 })));

  it('puts clients beside the most others, up to 80 %', () => {
    expect(policy.pick(pool(10, 4, 6), aQuery())).toBe(1);
    expect(policy.pick(pool(10, 2, 6), aQuery())).toBe(2);
    expect(policy.pick(pool(10, 4, 6), aQuery({ allowed: (index) => index !== 1 }))).toBe(2);
  });

  it('takes any of two where nobody plays, and what is left where all are crowded', () => {
    expect([0, 1]).toContain(policy.pick(pool(10, 10), aQuery()));
    expect([0, 1]).toContain(policy.pick(pool(1, 1), aQuery()));
    expect(policy.pick(pool(0, 1), aQuery())).toBe(1);
    expect(policy.pick(pool(0, 0), aQuery())).toBe(-1);
  });

  it('may be named by a configuration, which every program then must know', () => {
    expect(parseRuntimeConfig('{"policy":"own:together"}').policy).toBe('own:together');
    expect(() => createPolicy('own:apart', own)).toThrow(
      /must be one of two-choices, .*, own:together, got: own:apart/,
    );
    expect(() => parseRuntimeConfig('{"policy":"own:UP"}')).toThrow(
      /`policy` must be one of .*, or own:NAME, got: own:UP/,
    );
  });
});
