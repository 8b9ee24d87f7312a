import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../adapters/memory/registry-store.ts';
import { enrol } from '../../../agents/enrol.ts';
import { type EnrolFlags, enrolmentOf } from '../../../cli/commands/enrol.ts';
import { ConfigError } from '../../../core/errors.ts';

const FLAGS: EnrolFlags = {
  app: 'arena',
  world: 'main',
  group: 'main',
  address: ['203.0.113.7'],
  gamePort: [27_015],
  probePort: 7_000,
  capacity: 16,
};

describe('enrolment', () => {
  it('writes a verified row for each slot, under the operator’s key, and no seats', async () => {
    const store = createMemoryStore();
    const more = { gamePort: [27_015, 27_016], address: ['203.0.113.7', '2001:db8::7'], world: 'w1' };
    const enrolment = enrolmentOf('web1', { ...FLAGS, ...more });
    expect(await enrol(enrolment, store)).toEqual(['web1.0', 'web1.1']);
    const row = await store.get('SRV#op:web1#1');
    expect(row?.seats).toBeUndefined();
    expect(row?.placement).toEqual({
      id: 'web1.1',
      ipv4: '203.0.113.7',
      ipv6: '2001:db8::7',
      ports: { game: 27_016, probe: 7_001 },
      zone: 'enrolled',
      app: 'arena',
      world: 'w1',
      group: 'main',
      labels: {},
      maxCapacity: 16,
    });
  });

  it('changes a row that an agent has claimed without touching its seats', async () => {
    const store = createMemoryStore();
    const enrolment = enrolmentOf('web1', FLAGS);
    await enrol(enrolment, store);
    await store.write('SRV#op:web1#0', { kind: 'create', gen: 'g', nowMs: 5 });
    await enrol({ ...enrolment, world: 'w2' }, store);
    expect(await store.get('SRV#op:web1#0')).toMatchObject({
      seats: { gen: 'g', issued: 5 },
      placement: { world: 'w2' },
    });
  });

  it('refuses a name that is no id, and two addresses of one family, both at once', () => {
    const wrong = () => enrolmentOf('a#b', { ...FLAGS, address: ['203.0.113.7', '203.0.113.8'] });
    expect(wrong).toThrow(ConfigError);
    expect(wrong).toThrow(/name must be 1 to 21 characters.*got: a#b/);
    expect(wrong).toThrow(/one for each family, got: 203.0.113.7, 203.0.113.8/);
  });
});
