import { describe, expect, it } from 'vitest';
import { serverDoorOptions } from '../../../agents/server-door-options.ts';
import { parseRuntimeConfig } from '../../../core/config/runtime-config.ts';

function read(flags: object, settings: object = { policy: 'stateless-5' }) {
  const problems: string[] = [];
  const door = serverDoorOptions(flags, parseRuntimeConfig(JSON.stringify(settings)), problems);
  return { door, problems };
}

describe('the flags of an agent that answers for the door', () => {
  it('leave it alone unless they are given', () => {
    expect(read({}, {})).toEqual({ door: undefined, problems: [] });
    expect(read({ doorHealthPort: 1 }).problems).toEqual([
      '`--door-health-port` must be given with --door-port, got: 1.',
    ]);
  });

  it('have the health port 80 after the door’s', () => {
    expect(read({ doorPort: 17_000 })).toEqual({ door: { port: 17_000, healthPort: 17_080 }, problems: [] });
    expect(read({ doorPort: 17_000, doorHealthPort: 9 }).door).toEqual({ port: 17_000, healthPort: 9 });
  });

  it('leave room for the health port', () => {
    expect(read({ doorPort: 65_500 }).problems).toEqual([
      '`--door-health-port` must be another port than --door-port, up to 65535, got: 65580.',
    ]);
  });

  it('need a policy by which each agent names the same server, and no signatures', () => {
    expect(read({ doorPort: 17_000 }, { answers: 'server' }).problems).toEqual([
      'ONEDOOR_CONFIG: `policy` must be stateless-3 or stateless-5 with --door-port: each agent must name the same server, got: two-choices.',
      'ONEDOOR_CONFIG: `answers` must be door with --door-port, got: server.',
    ]);
  });
});
