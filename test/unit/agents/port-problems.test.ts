import { describe, expect, it } from 'vitest';
import { portProblems } from '../../../agents/port-problems.ts';

const PORTS = { probePort: 7_000, apiPort: 7_100, lobbyPort: 7_200, agonesPort: 9_357 };

describe('the ports of a machine', () => {
  it('are fine where no two uses meet', () => {
    expect(portProblems({ ...PORTS, door: { port: 17_000, healthPort: 17_080 } }, 100)).toEqual([]);
  });

  it('of the door are none of any slot’s, whatever it is for', () => {
    expect(portProblems({ ...PORTS, door: { port: 7_003, healthPort: 7_103 } }, 4)).toEqual([
      '`--door-port` must be none of the 4 ports from --probe-port on, got: 7003.',
      '`--door-health-port` must be none of the 4 ports from --api-port on, got: 7103.',
    ]);
    expect(portProblems({ ...PORTS, door: { port: 9_358, healthPort: 9_438 } }, 2)).toEqual([
      '`--door-port` must be none of the 2 ports from --agones-port on, got: 9358.',
    ]);
  });

  it('of the slots are as far apart as there are slots, and end at 65535', () => {
    expect(portProblems({ probePort: 7_000, apiPort: 7_001, lobbyPort: 65_535 }, 2)).toEqual([
      '`--lobby-port` must leave room for 2 slots up to 65535, got: 65535.',
      '`--api-port` must be 2 ports away from --probe-port, got: 7001.',
    ]);
  });
});
