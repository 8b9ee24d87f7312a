import { describe, expect, it } from 'vitest';
import { ALWAYS, createDuty, type DutyName } from '../../../core/select/duty.ts';

const DOORS = ['192.0.2.1:17080', '192.0.2.2:17080', '192.0.2.3:17080'];
const keys = Array.from({ length: 3_000 }, (_, n) => Uint8Array.of(10, 0, n >> 8, n & 255));

/** Which doors of `live` answer a key over UDP. */
function answering(duty: DutyName, live: readonly number[], key: Uint8Array): number[] {
  return live.filter((self) =>
    createDuty({ duty, doors: DOORS, self, isLive: (door) => live.includes(door) }).answers(key, 17),
  );
}

describe('the duty of a door', () => {
  it('active: every door that gets a request answers it', () => {
    expect(answering('active', [0, 1, 2], keys[0]!)).toEqual([0, 1, 2]);
    expect(createDuty({ duty: 'active', doors: [], self: -1, isLive: () => false })).toBe(ALWAYS);
  });

  it('standby: the first living door of the list answers, the next one when it is gone', () => {
    expect(answering('standby', [0, 1, 2], keys[0]!)).toEqual([0]);
    expect(answering('standby', [1, 2], keys[0]!)).toEqual([1]);
    expect(answering('standby', [2], keys[0]!)).toEqual([2]);
  });

  it('standby: a connection changes nothing, since clients try the doors one after the other', () => {
    const standby = createDuty({ duty: 'standby', doors: DOORS, self: 1, isLive: () => true });
    expect(standby.answers(keys[0]!, 6)).toBe(false);
  });

  it('all-receive: the doors share the requests evenly', () => {
    const shares = [0, 0, 0];
    for (const key of keys) for (const door of answering('all-receive', [0, 1, 2], key)) shares[door]! += 1;
    expect(shares.reduce((sum, share) => sum + share)).toBe(keys.length);
    for (const share of shares) expect(Math.abs(share - 1_000)).toBeLessThan(120);
  });

  it('all-receive: the share of a door that dies goes to all others, and nobody else’s moves', () => {
    const orphans = [0, 0, 0];
    for (const key of keys) {
      const [before] = answering('all-receive', [0, 1, 2], key);
      const [after] = answering('all-receive', [1, 2], key);
      if (before === 0) orphans[after!]! += 1;
      else expect(after).toBe(before);
    }
    expect(orphans[0]).toBe(0);
    expect(Math.min(orphans[1]!, orphans[2]!)).toBeGreaterThan(400);
  });

  it('all-receive: whoever connected has chosen the door by that', () => {
    for (const self of DOORS.keys()) {
      const duty = createDuty({ duty: 'all-receive', doors: DOORS, self, isLive: () => true });
      expect(duty.answers(keys[0]!, 6)).toBe(true);
    }
  });

  it.each<DutyName>(['standby', 'all-receive'])('%s: a door that cannot answer is silent', (duty) => {
    for (const protocol of [6, 17] as const) {
      const alone = createDuty({ duty, doors: DOORS, self: 0, isLive: () => false });
      expect(alone.answers(keys[0]!, protocol)).toBe(false);
    }
  });
});
