import { describe, expect, it } from 'vitest';
import { createPolicy, POLICY_NAMES } from '../../../core/select/create-policy.ts';
import { anAssignBench, aRequest } from '../../support/assign-bench.ts';
import { servers } from '../../support/builders.ts';

/** Twelve servers in three groups; `s-00005.0` is in g2. */
const pool = () => servers(12, (n) => ({ group: `g${n % 3}`, capacity: 2 }));
const PICK = 's-00005.0';

describe('the server that a client chose itself', () => {
  it.each(POLICY_NAMES)('is given by %s, whatever group is preferred and whatever follows it', async (name) => {
    for (const groupFallback of [{}, { g0: ['g1'] }, { g0: ['g1', 'g2'] }]) {
      for (const group of [undefined, 'g0', 'g2', 'g9']) {
        const bench = await anAssignBench(pool());
        const assigner = bench.assigner({ policy: createPolicy(name), groupFallback });
        const request = aRequest({ pick: PICK, ...(group !== undefined && { group }) });

        expect(await assigner.assign(request)).toMatchObject({ ok: true, server: { id: PICK } });
        expect(await assigner.assign(request)).toMatchObject({ ok: true, server: { id: PICK } });
        // This one or none: no other server takes its place.
        expect(await assigner.assign(request)).toMatchObject({ code: 'assign.no-capacity' });
      }
    }
  });

  it('is none of another world or app, or one to avoid', async () => {
    const bench = await anAssignBench([...pool(), ...servers(1, () => ({ id: 'w2.0', world: 'w2' }))]);
    const assigner = bench.assigner();
    const code = async (more: Parameters<typeof aRequest>[0]) =>
      await assigner.assign(aRequest({ pick: 'w2.0', ...more }));

    expect(await code({ world: 'w1' })).toMatchObject({ code: 'assign.no-capacity' });
    expect(await code({ avoid: ['w2.0'] })).toMatchObject({ code: 'assign.no-capacity' });
    expect(await code({ app: 'chess' })).toMatchObject({ code: 'assign.unknown-app' });
    expect(await code({})).toMatchObject({ server: { id: 'w2.0' } });
  });
});
