import { execFile } from 'node:child_process';
import { type GameAddress, type LoadAdapter, queryFailed, toReading } from './load-adapter.ts';

const NAME = 'command';
/** Starting a program takes longer than asking a game. */
const TIMEOUT_MS = 1_000;
const MAX_OUTPUT_BYTES = 65_536;

/**
 * A program that prints `{"sessions": 3, "capacity": 8, "participants": ["ann"]}`; the last two may be missing. It is
 * started without a shell as `program ADDRESS PORT`, with PATH as its only variable, and killed after 1 s.
 */
export function createCommandLoad(game: GameAddress, program: string): LoadAdapter {
  const args = [game.address, String(game.port)];
  const options = {
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
    env: { PATH: process.env['PATH'] },
    windowsHide: true,
  } as const;
  return {
    name: NAME,
    query: () =>
      new Promise((resolve, reject) => {
        execFile(program, args, options, (error, output) => {
          if (error) return reject(queryFailed(NAME, failure(error), error));
          try {
            resolve(toReading(NAME, parseObject(output)));
          } catch (cause) {
            reject(cause);
          }
        });
      }),
  };
}

function failure(error: { code?: string | number | null; killed?: boolean; signal?: string | null }): string {
  if (error.killed) return `not done within ${TIMEOUT_MS} ms`;
  return error.signal ? `ended by ${error.signal}` : `ended with ${error.code}`;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // The same as any other text that is no object.
  }
  throw queryFailed(NAME, `must print a JSON object, got: ${JSON.stringify(text.slice(0, 80))}`);
}
