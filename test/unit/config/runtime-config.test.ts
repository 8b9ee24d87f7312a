import { describe, expect, it } from 'vitest';
import { parseRuntimeConfig } from '../../../core/config/runtime-config.ts';
import { ConfigError } from '../../../core/errors.ts';

function problemsOf(value: unknown): readonly string[] {
  try {
    parseRuntimeConfig(typeof value === 'string' ? value : JSON.stringify(value));
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the runtime configuration', () => {
  it('is whole without any setting', () => {
    const config = parseRuntimeConfig(undefined);
    expect(config).toEqual(parseRuntimeConfig('{}'));
    expect(config).toMatchObject({ deployment: 'onedoor', policy: 'two-choices', probePort: 7_000, freshMs: 15_000 });
    expect(config.keepalive).toEqual({ intervalSeconds: 20, transmissions: 10, timeoutMs: 700 });
    expect(config.timing.expireMs).toBe(42_000);
  });

  it('keeps the defaults beside what is set, down to the nested fields', () => {
    const config = parseRuntimeConfig('{"keepalive":{"intervalSeconds":2},"timing":{"beatMs":1000}}');
    expect(config.keepalive).toEqual({ intervalSeconds: 2, transmissions: 10, timeoutMs: 700 });
    expect(config.timing).toMatchObject({ beatMs: 1_000, holdMs: 10_000 });
  });

  it('takes 0 for "serve nobody without a cookie"', () => {
    expect(parseRuntimeConfig('{"unverifiedPerSecond":0}').unverifiedPerSecond).toBe(0);
  });

  it('lists every mistake at once, each with its path', () => {
    expect(problemsOf({ policy: 'best', probePort: 0, keepalive: { timeoutMs: '1' }, typo: 1 })).toEqual([
      expect.stringContaining('`typo` must be left out'),
      '`policy` must be one of two-choices, least-loaded, pack, random, round-robin, nearest, rendezvous, maglev, stateless-3, stateless-5, or own:NAME, got: best.',
      '`probePort` must be a whole number between 1 and 65535, got: 0.',
      '`keepalive.timeoutMs` must be a whole number between 50 and 10000, got: 1.',
    ]);
  });

  it('refuses a timing under which a ticket could outlive its seat', () => {
    expect(problemsOf({ timing: { expireMs: 30_000 } })).toEqual([
      '`expireMs` must be at least holdMs + activateMs + handOverMs = 42000, got: 30000.',
    ]);
  });

  it('says that the text is no JSON object', () => {
    expect(problemsOf('{broken')).toEqual(['`the configuration` must be an object, got: {broken.']);
  });

  it('refuses a shared duty of doors that do not know each other, and a door that is in the list twice', () => {
    const doors = ['192.0.2.1:17080', '[2001:db8::2]:17080'];
    expect(problemsOf({ duty: 'all-receive', doors })).toEqual([]);
    expect(problemsOf({ duty: 'standby', doors: doors.slice(1) })).toEqual([
      '`doors` must be a list of 2 to 16 where duty is standby, got: 1.',
    ]);
    expect(problemsOf({ doors: [...doors, 'door:1', doors[0]] })).toEqual([
      '`doors[2]` must be an address and a port, ip:port or [ip]:port, got: door:1.',
    ]);
    expect(problemsOf({ doors: [doors[0], doors[0]] })).toEqual([
      '`doors[1]` must be a door that is not in the list yet, got: 192.0.2.1:17080.',
    ]);
  });
});
