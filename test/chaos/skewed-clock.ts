/**
 * Loaded before a program of the local system (`--import`): its wall clock is off by what the file named in CHAOS_CLOCK
 * says, in ms. Monotonic time is untouched, as when somebody sets a machine's clock.
 */
import { readFileSync } from 'node:fs';

const LOOK_MS = 200;
const { CHAOS_CLOCK: path = '' } = process.env;
const RealDate = Date;
let skewMs = 0;

function look(): void {
  try {
    skewMs = Number(readFileSync(path, 'utf8')) || 0;
  } catch {
    skewMs = 0;
  }
}

class SkewedDate extends RealDate {
  constructor(...args: [] | [number | string | Date]) {
    if (args.length === 0) super(RealDate.now() + skewMs);
    else super(args[0]);
  }

  static override now(): number {
    return RealDate.now() + skewMs;
  }
}

if (path !== '') {
  look();
  setInterval(look, LOOK_MS).unref();
  globalThis.Date = SkewedDate as DateConstructor;
}
