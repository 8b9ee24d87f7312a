import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readState } from '../../client/session-state.ts';
import { expectRightAtFaults, type ToldEvent, withFakeDoor } from '../support/fault-suite.ts';
import { GodotProject, NO_GODOT } from '../support/godot.ts';

/** A million takes a minute and a half on an idle machine: GODOT_FUZZ=1000000 npx vitest run --project real test/real/gdscript-session.test.ts */
const FUZZ_ANSWERS = Number(process.env['GODOT_FUZZ'] ?? 20_000);
const FUZZ_SEED = Number(process.env['GODOT_FUZZ_SEED'] ?? 1);
const FUZZ_MS = 120_000 + FUZZ_ANSWERS;
const DEADLINE_MS = 60_000;

interface Told extends ToldEvent {
  readonly port: number;
  readonly resumed?: boolean;
  readonly ticket?: string;
  readonly state?: object;
}

describe.skipIf(NO_GODOT)('a session of the client for Godot', () => {
  let project: GodotProject;
  beforeAll(() => {
    project = new GodotProject(['test/gdscript/faults.gd', 'test/gdscript/fuzz.gd']);
  });
  afterAll(() => project?.remove());
  const play = (games: readonly object[]): Promise<Told[]> => {
    return project.run<Told>('faults.gd', { deadlineMs: DEADLINE_MS, games });
  };

  it('tells on every port of the fake door what a right client tells', async () => {
    await withFakeDoor(async (door) => {
      await expectRightAtFaults('Godot', door, async (games) => {
        const lines = (await play(games)).filter(({ event }) => String(event) !== 'closed');
        return games.map((game) => lines.filter(({ port }) => port === game.port));
      });
    });
  });

  it('comes back to its server and seat after a restart', async () => {
    await withFakeDoor(async (door) => {
      const game = { wanted: 1, lingerMs: 0 };
      const [first] = await play([{ ...game, port: door.port('healthy') }]);
      // Where the door is silent, nothing but the kept seat can be it.
      const silent = door.port('silent');
      const [second] = await play([{ ...game, port: silent, options: { resume: first?.state } }]);

      expect(first).toMatchObject({ event: 'assigned', server: 'i-good.0', resumed: false });
      expect(second).toMatchObject({ event: 'assigned', server: 'i-good.0', resumed: true, ticket: first?.ticket });
      expect(second?.state).toEqual(first?.state);
      expect(readState(first?.state)).toEqual(first?.state);
    });
  });

  it('finds the door by its name, and obeys a game that gives up and closes inside of a signal', async () => {
    await withFakeDoor(async (door) => {
      const game = { port: door.port('healthy'), host: 'localhost', wanted: 4, lingerMs: 0, ends: true };
      const told = await play([game]);

      expect(told.map(({ event, server, reason }) => [event, server, reason].filter(Boolean))).toEqual([
        ['assigned', 'i-good.0'],
        ['lost', 'i-good.0', 'reported'],
        ['reassigned', 'i-good.0'],
        ['closed'],
      ]);
    });
  });

  it(`goes to no address that no valid answer named, in ${FUZZ_ANSWERS} damaged answers`, {
    timeout: FUZZ_MS,
  }, async () => {
    const [result] = await project.run<Record<string, number>>('fuzz.gd', { count: FUZZ_ANSWERS, seed: FUZZ_SEED });

    console.log(`Godot, seed ${FUZZ_SEED}: ${JSON.stringify(result)}`);
    expect(result).toMatchObject({ answers: FUZZ_ANSWERS, wrong: 0, unknown: 0 });
    expect(result?.['joined']).toBeGreaterThan(FUZZ_ANSWERS / 100);
    expect(result?.['lost']).toBeGreaterThan(FUZZ_ANSWERS / 200);
  });
});
