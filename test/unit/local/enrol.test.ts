import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../adapters/memory/registry-store.ts';
import { enrol } from '../../../agents/enrol.ts';
import { ConfigError } from '../../../core/errors.ts';
import { parseEnrolOptions } from '../../../local/enrol/options.ts';

const GIVEN = ['web1', '--app', 'arena', '--address', '203.0.113.7', '--game-port', '27015', '--capacity', '16'];

function parse(argv: readonly string[], env: Record<string, string> = { ONEDOOR_TABLE: 't' }) {
  const options = parseEnrolOptions(argv, env, () => {});
  if (options === 'help') throw new Error('help');
  return options;
}

describe('enrolment', () => {
  it('writes a verified row for each slot, under the operator’s key, and no seats', async () => {
    const store = createMemoryStore();
    const { enrolment } = parse([...GIVEN, '--game-port', '27016', '--address', '2001:db8::7', '--world', 'w1']);
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
    const { enrolment } = parse(GIVEN);
    await enrol(enrolment, store);
    await store.write('SRV#op:web1#0', { kind: 'create', gen: 'g', nowMs: 5 });
    await enrol({ ...enrolment, world: 'w2' }, store);
    expect(await store.get('SRV#op:web1#0')).toMatchObject({
      seats: { gen: 'g', issued: 5 },
      placement: { world: 'w2' },
    });
  });

  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a name with #', ['a#b', ...GIVEN.slice(1)], /name must be 1 to 21 characters.*got: a#b/],
    [
      'two addresses of one family',
      [...GIVEN, '--address', '203.0.113.8'],
      /one for each family, got: 203.0.113.7, 203.0.113.8/,
    ],
    ['what is no address', ['web1', '--address', 'web1.example'], /must be an IP address, got: web1.example/],
    ['a port out of range', [...GIVEN, '--game-port', '70000'], /1 to 65535, got: 70000/],
    ['no app', ['web1', ...GIVEN.slice(3)], /--app/],
  ];
  for (const [name, argv, message] of wrong) {
    it(`refuses ${name}`, () => {
      expect(() => parse(argv)).toThrow(ConfigError);
      expect(() => parse(argv)).toThrow(message);
    });
  }

  it('takes the table from its flag, else the environment, else the usual name', () => {
    expect([parse([...GIVEN, '--table', 'a']).table, parse(GIVEN).table, parse(GIVEN, {}).table]).toEqual([
      'a',
      't',
      'onedoor',
    ]);
  });
});
