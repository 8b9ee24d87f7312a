import { afterAll, beforeAll, describe, it } from 'vitest';
import type { RegistryStore } from '../../core/ports.ts';
import { describeRegistryItems } from './registry-items.case.ts';
import type { Behaves } from './registry-rows.ts';
import { describeSeatWrites } from './seat-writes.case.ts';

/** One implementation of the registry port, with whatever process it needs. */
export interface Engine {
  readonly name: string;
  /** Why it cannot run here; undefined if it can. */
  readonly absent?: string | undefined;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** An empty registry. */
  emptyStore(): Promise<RegistryStore>;
}

/** Starting an engine may first copy its jars. */
const START_MS = 180_000;

/** The behaviour of every registry store. Counts the cases into `ran`, so that the caller can compare engines. */
export function describeRegistryStore(engine: Engine, ran: Map<string, number>): void {
  describe.skipIf(engine.absent !== undefined)(`registry store on ${engine.name}`, () => {
    beforeAll(() => engine.start(), START_MS);
    afterAll(async () => {
      console.log(`registry store on ${engine.name}: ${ran.get(engine.name) ?? 0} cases ran`);
      await engine.stop();
    });

    const behaves: Behaves = (title, body) => {
      it(title, async () => {
        ran.set(engine.name, (ran.get(engine.name) ?? 0) + 1);
        await body(await engine.emptyStore());
      });
    };
    describeSeatWrites(behaves);
    describeRegistryItems(behaves);
  });
}
