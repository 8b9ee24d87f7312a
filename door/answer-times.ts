import type { Clock, PacketHandler } from '../core/ports.ts';

/** How long answers took, since the start: a histogram whose bounds grow by a fifth, so that a reader errs by no more. */
export interface AnswerTimes {
  took(ms: number): void;
  /** Upper bound in µs and count of every bucket that has any, in order. */
  read(): readonly (readonly [number, number])[];
}

const FIRST_US = 10;
/** Four buckets an octave: 2^(1/4) is 1.19. Ninety reach to 50 s; what is longer counts there. */
const PER_OCTAVE = 4;
const BUCKETS = 90;
const US_PER_MS = 1_000;

export function createAnswerTimes(): AnswerTimes {
  const counts = new Float64Array(BUCKETS);
  return {
    took(ms) {
      const bucket = Math.ceil(PER_OCTAVE * Math.log2((ms * US_PER_MS) / FIRST_US));
      counts[Math.min(BUCKETS - 1, Math.max(0, bucket))]! += 1;
    },
    read: () =>
      [...counts].flatMap((count, bucket): [number, number][] =>
        count === 0 ? [] : [[Math.round(FIRST_US * 2 ** (bucket / PER_OCTAVE)), count]],
      ),
  };
}

/** One answer in so many is timed: two looks at the clock for each would cost more than the rest of what is counted. */
const TIMED_ONE_IN = 16;

/** The same answers, the times of some of them counted. Silence is no answer. */
export function timed(
  handle: PacketHandler,
  times: AnswerTimes,
  clock: Pick<Clock, 'monoMs'>,
  oneIn = TIMED_ONE_IN,
): PacketHandler {
  if (oneIn === 0) return handle;
  let left = 1;
  return (bytes, source) => {
    if (--left > 0) return handle(bytes, source);
    left = oneIn;
    const fromMs = clock.monoMs();
    const answer = handle(bytes, source);
    if (!(answer instanceof Promise)) {
      if (answer !== undefined) times.took(clock.monoMs() - fromMs);
      return answer;
    }
    return answer.then((bytes) => {
      if (bytes !== undefined) times.took(clock.monoMs() - fromMs);
      return bytes;
    });
  };
}
