import { execFile } from 'node:child_process';
import type { Log } from './log.ts';

/** A client is coming from `address`; `port` is 0 where it did not come by UDP. */
export type ClientHook = (address: string, port: number) => void;

/** A rule is set in milliseconds; a program that hangs must not keep the next client waiting for long. */
const TIMEOUT_MS = 2_000;
/** Programs at the same time, and clients that wait for one; further ones go without. */
const MAX_RUNNING = 4;
const MAX_WAITING = 256;
const LOG_AGAIN_MS = 10_000;

/**
 * Runs the operator's program for each client that a door announces, to open a firewall for example:
 * `program ADDRESS PORT GAME_ADDRESS GAME_PORT`, without a shell, with PATH as its only variable.
 */
export function createClientHook(options: {
  readonly program: string;
  readonly game: { readonly address: string; readonly port: number };
  readonly monoMs: () => number;
  readonly log: Pick<Log, 'warn'>;
}): ClientHook {
  const { program, game, monoMs, log } = options;
  const waiting: (readonly string[])[] = [];
  let running = 0;
  let complainedMs = Number.NEGATIVE_INFINITY;

  const complain = (error: unknown, message: string): void => {
    if (monoMs() - complainedMs < LOG_AGAIN_MS) return;
    complainedMs = monoMs();
    log.warn({ err: error, program }, message);
  };
  const next = (): void => {
    const args = running < MAX_RUNNING ? waiting.shift() : undefined;
    if (!args) return;
    running++;
    const env = { PATH: process.env['PATH'] };
    execFile(program, args, { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', env, windowsHide: true }, (error) => {
      running--;
      if (error) complain(error, 'the program for coming clients failed');
      next();
    });
  };
  return (address, port) => {
    if (waiting.length >= MAX_WAITING) {
      complain(undefined, 'too many clients come at once: the program is not run for all of them');
      return;
    }
    waiting.push([address, String(port), game.address, String(game.port)]);
    next();
  };
}
