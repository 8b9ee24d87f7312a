import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AlbEvent, AlbResult } from '../adapters/http/alb-event.ts';
import type { LocalEnv } from './settings.ts';

/** The deployed functions' own bundles, in this process. */
export interface LocalFunctions {
  readonly assign: (event: AlbEvent) => Promise<AlbResult>;
  /** Starts the tick that stands in for the table's stream. */
  startTick(onError: (error: unknown) => void): void;
  stop(): Promise<void>;
}

type Handler<In, Out> = (event: In) => Promise<Out>;

/** DynamoDB streams bring changes several times a second. */
const TICK_MS = 250;

/**
 * Loads the bundles. They read the environment when they are imported, as they do in Lambda, so it is set first.
 * Empty events make registrar and roster read all rows.
 */
export async function loadFunctions(distDir: string, env: LocalEnv): Promise<LocalFunctions> {
  Object.assign(process.env, env);
  const load = async <In, Out>(name: string): Promise<Handler<In, Out>> => {
    const module = (await import(pathToFileURL(join(distDir, name, 'index.mjs')).href)) as {
      handler: Handler<In, Out>;
    };
    return module.handler;
  };
  const assign = await load<AlbEvent, AlbResult>('assign');
  const registrar = await load<object, unknown>('registrar');
  const roster = await load<object, unknown>('roster');
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  return {
    assign,
    startTick(onError) {
      const turn = async (): Promise<void> => {
        try {
          await registrar({});
          await roster({});
        } catch (error) {
          onError(error);
        }
      };
      const loop = (): void => {
        running = turn().then(() => {
          if (!stopped) timer = setTimeout(loop, TICK_MS);
        });
      };
      loop();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
