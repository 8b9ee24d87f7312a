import { describe, expect, it } from 'vitest';
import { aScene, T_MS } from '../../support/agent-scene.ts';

const BEAT_MS = 5_000;

describe('a seat comes back once', () => {
  it.each([false, true])(
    'by its client, by the game and by expiry, however often each is said (restart: %s)',
    async (restart) => {
      const scene = await aScene();
      let agent = await scene.live();
      await scene.beat(agent);
      const [left, played, playing, unused] = await scene.take(4);
      const session = `${played!.gen}:${played!.serial}`;
      expect(agent.activate(played!)).toMatchObject({ ok: true });
      expect(agent.activate(playing!)).toMatchObject({ ok: true });
      expect(agent.cancel(left!)).toBe(true);
      expect(agent.end(session)).toBe(true);
      if (restart) {
        await scene.kill();
        agent = await scene.live();
      }
      expect(agent.cancel(left!)).toBe(false);
      expect(agent.cancel(played!)).toBe(false);
      expect(agent.cancel(playing!)).toBe(false);
      expect(agent.end(session)).toBe(false);
      await scene.beat(agent);
      expect(await scene.free()).toBe(2);

      // Their serials expire too, and that gives nothing more.
      for (let passedMs = 0; passedMs < 2 * T_MS; passedMs += BEAT_MS) {
        expect((await scene.free())! + agent.sessions).toBeLessThanOrEqual(4);
        await scene.pass(agent, BEAT_MS);
        agent.cancel(left!);
        agent.cancel(unused!);
        agent.end(session);
        if (passedMs >= T_MS + 2 * BEAT_MS) expect(await scene.free()).toBe(3);
      }
      // Who plays comes back with the same ticket, and without the door.
      expect(agent.activate(playing!)).toMatchObject({ ok: true, resumed: true });
      expect(agent.activate(left!)).not.toMatchObject({ ok: true });
      expect([await scene.free(), agent.sessions]).toEqual([3, 1]);
    },
  );
});
