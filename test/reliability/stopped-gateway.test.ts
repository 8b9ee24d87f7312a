import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalProgram, startLocal } from '../support/local-program.ts';
import { probingOf, stopGateway, untilWatched } from '../suspicion/gateway-process.ts';

const STOP_MS = 5_000;
/** Ten probes, and the time to write down what they say. */
const JUDGE_MS = 3_000;

describe('a gateway that is stopped', () => {
  let system: LocalProgram;
  beforeAll(async () => {
    system = await startLocal(2);
    await untilWatched(system);
  });
  afterAll(() => system?.stop());

  it('suspects nobody when it goes on after five seconds', async () => {
    const before = await probingOf(system);
    await stopGateway(system, STOP_MS);
    await pause(JUDGE_MS);
    const after = await probingOf(system);
    expect(after.suspected).toBe(before.suspected);
    expect(after.stalls).toBeGreaterThan(before.stalls);
    expect(after.watched).toBe(system.servers.length);
  });
});
