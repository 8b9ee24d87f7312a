import { describe, expect, it } from 'vitest';
import { parseDoorOptions } from '../../../door/options.ts';

const DOORS = ['192.0.2.1:17080', '[2001:db8::2]:17080'];

function parse(argv: readonly string[], config: object = { duty: 'standby', doors: DOORS }) {
  const env = { ONEDOOR_TABLE: 't', ONEDOOR_KEY_SECRET: 'file:x', ONEDOOR_CONFIG: JSON.stringify(config) };
  const options = parseDoorOptions(argv, env, () => {});
  if (options === 'help') throw new Error('asked for help');
  return options;
}

describe('a door that shares a duty', () => {
  it('finds itself in the list by its health address and port, or by what it is told', () => {
    expect(parse(['--health-bind', '192.0.2.1', '--health-port', '17080']).self).toBe(0);
    expect(parse(['--health-bind', '2001:db8::2', '--health-port', '17080']).self).toBe(1);
    expect(parse(['--self', DOORS[1]!]).self).toBe(1);
  });

  it('does not start where it is not in the list', () => {
    expect(() => parse([])).toThrow(
      "`--self` must be one of the settings' doors (192.0.2.1:17080, [2001:db8::2]:17080), got: 0.0.0.0:8090.",
    );
  });

  it('need not be in any list where each door answers what it gets', () => {
    expect(parse([], {}).self).toBe(-1);
  });
});

describe('a gateway of several processes', () => {
  it('shares out what is meant for a gateway', () => {
    const { processes, config } = parse(['--processes', '4'], { unverifiedPerSecond: 50 });
    expect([processes, config.unverifiedPerSecond, config.perSourcePerSecond]).toEqual([4, 13, 50]);
    expect(parse([], {}).config.unverifiedPerSecond).toBe(50);
  });

  it('needs a port that is the same for all', () => {
    expect(() => parse(['--processes', '2', '--port', '0'], {})).toThrow(
      '`--port` must be one that processes can share',
    );
    expect(() => parse(['--processes', '0'], {})).toThrow('must be 1 to 64, got: 0');
  });
});

describe('a gateway’s transport', () => {
  it('is by the batch where that can be, and one of those that there are', () => {
    expect(parse([], {}).transport).toBe('auto');
    expect(() => parse(['--transport', 'pigeon'], {})).toThrow('Allowed choices are auto, dgram, batched');
  });
});
