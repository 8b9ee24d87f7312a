import { describe, expect, it } from 'vitest';
import { hedged } from '../../../adapters/dynamodb/hedge.ts';

/** A call that is answered when the test says, under a timer that runs when the test says. */
function aHedgedCall() {
  const tries: PromiseWithResolvers<string>[] = [];
  const seen: boolean[] = [];
  let due: (() => void) | undefined;
  const timers: number[] = [];
  const timer = (ms: number, run: () => void) => {
    timers.push(ms);
    due = run;
    return () => {
      due = undefined;
    };
  };
  const outcome = hedged({ afterMs: 250, timer }, (isSecond) => {
    seen.push(isSecond);
    const one = Promise.withResolvers<string>();
    tries.push(one);
    return one.promise;
  }).catch((error: Error) => error.message);
  const pass = () => {
    const run = due;
    due = undefined;
    run?.();
  };
  return { tries, seen, timers, outcome, pass, isWaiting: () => due !== undefined };
}

describe('a hedged call', () => {
  it('is sent once when its answer comes in time', async () => {
    const { tries, seen, timers, outcome, isWaiting, pass } = aHedgedCall();
    tries[0]!.resolve('first');
    expect(await outcome).toBe('first');
    pass();
    expect({ seen, timers, isWaiting: isWaiting() }).toEqual({ seen: [false], timers: [250], isWaiting: false });
  });

  it('is sent a second time, and no third, when none comes', async () => {
    const { tries, seen, timers, outcome, pass } = aHedgedCall();
    pass();
    pass();
    expect({ seen, timers }).toEqual({ seen: [false, true], timers: [250] });
    tries[1]!.resolve('second');
    expect(await outcome).toBe('second');
  });

  it('has the answer that comes first, whatever becomes of the other', async () => {
    const { tries, outcome, pass } = aHedgedCall();
    pass();
    tries[0]!.resolve('first');
    expect(await outcome).toBe('first');
    tries[1]!.reject(new Error('too late to matter'));
  });

  it('fails at once when the first fails before the second is sent', async () => {
    const { tries, seen, outcome, pass } = aHedgedCall();
    tries[0]!.reject(new Error('refused'));
    expect(await outcome).toBe('refused');
    pass();
    expect(seen).toEqual([false]);
  });

  it.each([
    [0, 1],
    [1, 0],
  ])('waits for the other when one of the two fails (%i before %i)', async (fails, answers) => {
    const { tries, outcome, pass } = aHedgedCall();
    pass();
    tries[fails]!.reject(new Error('broken'));
    tries[answers]!.resolve('good');
    expect(await outcome).toBe('good');
  });

  it('tells the first failure when both fail', async () => {
    const { tries, outcome, pass } = aHedgedCall();
    pass();
    tries[1]!.reject(new Error('second'));
    tries[0]!.reject(new Error('first'));
    expect(await outcome).toBe('second');
  });
});
