import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type AgentOptions, parseAgentOptions } from '../../../agents/options.ts';
import { ConfigError } from '../../../core/errors.ts';

const LEAST = ['--game', '127.0.0.1:27000', '--capacity', '8', '--identity', 'AROA1:i-0a', '--table', 't'];

function parse(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): AgentOptions {
  const options = parseAgentOptions([...LEAST, ...args], env, () => {});
  if (options === 'help') throw new Error('help');
  return options;
}

/** Every problem that the arguments have. */
function problems(args: readonly string[], env: Readonly<Record<string, string>> = {}): readonly string[] {
  try {
    parseAgentOptions(args, env, () => {});
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('no problem');
}

describe('the flags of an agent', () => {
  it('need little, and have defaults for the rest', () => {
    const options = parse(['--journal', '/j']);
    expect(options).not.toHaveProperty('enrolment');
    expect(options).toMatchObject({
      identity: 'AROA1:i-0a',
      games: [{ address: '127.0.0.1', port: 27_000 }],
      capacity: 8,
      load: 'api',
      table: 't',
      bind: '0.0.0.0',
      probePort: 7_000,
      apiPort: 7_100,
      apiTokenFile: join('/j', 'AROA1%3Ai-0a.token'),
      drainMs: 3_600_000,
      isJson: false,
    });
  });

  it('take a game for each slot, and IPv6 in brackets', () => {
    expect(parse(['--game', '[::1]:27001']).games).toEqual([
      { address: '127.0.0.1', port: 27_000 },
      { address: '::1', port: 27_001 },
    ]);
  });

  it('go before ONEDOOR_CONFIG, which goes before the defaults', () => {
    const env = { ONEDOOR_CONFIG: '{"probePort":9000,"timing":{"beatMs":1000}}' };
    expect(parse([], env)).toMatchObject({ probePort: 9_000, config: { timing: { beatMs: 1_000 } } });
    const flags = ['--probe-port', '9500', '--beat-ms', '500'];
    expect(parse(flags, env)).toMatchObject({
      probePort: 9_500,
      config: { timing: { beatMs: 500, expireMs: 42_000 } },
    });
  });

  it('take the table from the environment', () => {
    const args = LEAST.slice(0, -2);
    expect(parseAgentOptions(args, { ONEDOOR_TABLE: 'e' }, () => {})).toMatchObject({ table: 'e' });
  });

  it('name the machine by its host name where it is enrolled without an identity', () => {
    const args = [
      '--game',
      '127.0.0.1:1',
      '--capacity',
      '8',
      '--table',
      't',
      '--address',
      '203.0.113.7',
      '--app',
      'arena',
    ];
    expect(parseAgentOptions(args, {}, () => {})).toMatchObject({ identity: expect.stringMatching(/^op:/) });
  });

  it('are explained on demand', () => {
    let text = '';
    expect(parseAgentOptions(['--help'], {}, (part) => (text += part))).toBe('help');
    expect(text).toMatch(/--drain-deadline <seconds>/);
  });
});

describe('wrong flags', () => {
  it.each([
    [['--capacity', 'many'], /'--capacity <n>'.* must be a whole number from 1 to 65535, got: many/],
    [['--game', 'localhost:1'], /'--game <ip:port>'.* must be IP:PORT/],
    [['--game', '127.0.0.1:70000'], /must be IP:PORT/],
    [['--bind', 'here'], /must be an IP address, got: here/],
    [['--nonsense'], /unknown option '--nonsense'/],
    [['surplus'], /too many arguments/],
    [['--probe-port', '65535', '--game', '127.0.0.1:2'], /`--probe-port` must leave room for 2 slots up to 65535/],
    [['--api-port', '7001', '--game', '127.0.0.1:2'], /`--api-port` must be 2 ports away from --probe-port, got: 7001/],
    [['--lobby-port', '7000'], /`--lobby-port` must be 1 ports away from --probe-port/],
    [['--address', '203.0.113.7'], /`--app` must be given with `--address`/],
    [['--address', '203.0.113.7', '--app', 'a'], /`--identity` must be op: and .* to enrol, got: AROA1:i-0a/],
    [
      ['--address', '1.1.1.1', '--address', '1.1.1.2', '--app', 'a', '--identity', 'op:x'],
      /one IPv4 and one IPv6 address/,
    ],
  ])('%j: %s', (args, problem) => {
    expect(problems([...LEAST, ...args]).join('\n')).toMatch(problem);
  });

  it('are all named at once', () => {
    expect(problems(['--capacity', '8'], { ONEDOOR_CONFIG: '{"probePort":0}' })).toEqual([
      expect.stringContaining('ONEDOOR_CONFIG: `probePort`'),
      expect.stringContaining('`--identity`'),
      expect.stringContaining('`--game`'),
    ]);
  });

  it('open the SDK of Agones where a port is given for it', () => {
    expect(parse()).not.toHaveProperty('agones');
    expect(parse(['--agones-port', '9358'])).toMatchObject({
      load: 'api',
      agones: {
        port: 9_358,
        healthSeconds: 15,
        load: { kind: 'tickets' },
        declared: { playerCapacity: 8, counters: {}, lists: {} },
      },
    });
    const declared = ['--agones-counter', 'rooms=1/10', '--agones-counter', 'b=0/2', '--agones-list', 'members=16'];
    expect(parse(['--agones-port', '9358', '--load', 'agones:list:members', ...declared]).agones).toMatchObject({
      load: { kind: 'list', name: 'members' },
      declared: {
        counters: { rooms: { count: 1, capacity: 10 }, b: { count: 0, capacity: 2 } },
        lists: { members: { capacity: 16, values: [] } },
      },
    });
    const kinds = ['agones', 'agones:counter:b', 'bzflag'].map(
      (load) => parse(['--agones-port', '9358', ...declared, '--load', load]).agones?.load.kind,
    );
    expect(kinds).toEqual(['players', 'counter', 'query']);
  });

  it.each([
    [['--load', 'agones'], /`--agones-port` must be given with --load agones/],
    [['--agones-health', '5'], /`--agones-port` must be given with --agones-health/],
    [['--agones-list', 'a=1'], /`--agones-port` must be given with --agones-list/],
    [['--agones-port', '9358', '--load', 'agones:counter:x'], /`--load` must be agones, .* got: agones:counter:x/],
    [['--agones-port', '9358', '--load', 'agones:list:constructor'], /`--load` must be agones/],
    [['--agones-port', '9358', '--load', 'agones:'], /`--load` must be agones/],
    [['--agones-port', '7100'], /`--agones-port` must be 1 ports away from --api-port, got: 7100/],
    [['--agones-port', '9358', '--agones-counter', 'rooms=3/2'], /NAME=COUNT\/CAPACITY/],
    [['--agones-port', '9358', '--agones-list', 'rooms=1001'], /NAME=CAPACITY/],
    [['--agones-port', '9358', '--agones-health', '0'], /1 to 3600/],
  ])('refuse %j for the SDK of Agones', (args, problem) => {
    expect(problems([...LEAST, ...args]).join()).toMatch(problem);
  });
});
