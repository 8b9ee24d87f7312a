import { describe, expect, it } from 'vitest';
import { macFrom } from '../../../adapters/crypto/mac.ts';
import type { AssignRequest } from '../../../core/assign/types.ts';
import { createWaitLine, type WaitLine } from '../../../core/assign/wait-line.ts';
import type { Refusal } from '../../../core/errors.ts';
import type { Mac } from '../../../core/ports.ts';
import { aRequest } from '../../support/assign-bench.ts';
import { type FakeClock, fakeClock } from '../../support/fake-clock.ts';

const POOL = 'arena\0';
const macOf = (secret: number): Mac => macFrom(new Uint8Array(32).fill(secret), 'test');

function aLine(clock: FakeClock, mac = macOf(1), before?: Mac): WaitLine {
  return createWaitLine({ mac, macBefore: () => before, clock });
}

const client = (name: string) => aRequest({ client: new TextEncoder().encode(name) });
const withToken = (name: string, { wait }: Refusal) => ({ ...client(name), wait: wait! });

const isWaiting = (line: WaitLine, request: AssignRequest, pool = POOL) => line.sinceOf(request, pool) !== undefined;
const refuse = (line: WaitLine, request: AssignRequest, perSecond?: number) =>
  line.refuse(request, POOL, { since: line.sinceOf(request, POOL), perSecond });

describe('a wait token', () => {
  it('is one for its client, in its pool, at every door, also when the key was replaced', () => {
    const clock = fakeClock();
    const refusal = refuse(aLine(clock), client('one'));
    expect(refusal.wait).toHaveLength(27);
    const shown = withToken('one', refusal);
    expect(isWaiting(aLine(clock), shown)).toBe(true);
    expect(isWaiting(aLine(clock, macOf(2), macOf(1)), shown)).toBe(true);
    expect(isWaiting(aLine(clock, macOf(2)), shown)).toBe(false);
    expect(isWaiting(aLine(clock), shown, 'arena\0other')).toBe(false);
    expect(isWaiting(aLine(clock), withToken('two', refusal))).toBe(false);
    expect(isWaiting(aLine(clock), { ...shown, wait: `${refusal.wait!.slice(0, -1)}A` })).toBe(false);
    expect(isWaiting(aLine(clock), { ...shown, wait: 'no base64url!' })).toBe(false);
  });

  it('keeps the place of its client from one refusal to the next, for half an hour', () => {
    const clock = fakeClock();
    const line = aLine(clock);
    const first = refuse(line, client('one'));
    clock.advance(60_000);
    expect(refuse(line, withToken('one', first)).wait).toBe(first.wait);
    expect(refuse(line, client('one')).wait).not.toBe(first.wait);
    clock.advance(1_740_000);
    expect(isWaiting(line, withToken('one', first))).toBe(true);
    clock.advance(2_000);
    expect(isWaiting(line, withToken('one', first))).toBe(false);
  });

  it('from the future is none', () => {
    const clock = fakeClock();
    const ahead = fakeClock();
    ahead.advance(60_000);
    expect(isWaiting(aLine(clock), withToken('one', refuse(aLine(ahead), client('one'))))).toBe(false);
  });
});

describe('when to come back', () => {
  it('is 2 s while nothing is measured, and after that what the line and the pace make of it, 1 to 30 s', () => {
    const retryOf = (refused: number, perSecond: number | undefined) => {
      const line = aLine(fakeClock());
      for (let n = 1; n < refused; n++) refuse(line, client(`c${n}`), perSecond);
      return refuse(line, client('last'), perSecond).retryAfterMs;
    };
    expect(retryOf(1, undefined)).toBe(2_000);
    expect(retryOf(12, 2)).toBe(6_000);
    expect(retryOf(2, 100)).toBe(1_000);
    expect(retryOf(3, 0)).toBe(30_000);
    expect(retryOf(1_000, 1)).toBe(30_000);
  });

  it('is 5 s at most for those who wait, so that they are there when a seat comes back', () => {
    const line = aLine(fakeClock());
    const first = refuse(line, client('one'), 0);
    expect(refuse(line, withToken('one', first), 0).retryAfterMs).toBe(5_000);
  });
});

describe('what is spoken for', () => {
  it('are as many seats as clients with a token were refused in 5 to 10 s, less those that were served', () => {
    const clock = fakeClock();
    const line = aLine(clock);
    const names = ['one', 'two', 'three'];
    const tokens = names.map((name) => withToken(name, refuse(line, client(name))));
    expect(line.spokenFor(POOL)).toBe(0);
    for (const shown of tokens) refuse(line, shown);
    expect(line.spokenFor(POOL)).toBe(3);
    line.served(tokens[0]!, POOL);
    expect(line.spokenFor(POOL)).toBe(2);
    clock.advance(5_000);
    expect(line.spokenFor(POOL)).toBe(2);
    clock.advance(5_000);
    expect(line.spokenFor(POOL)).toBe(0);
  });
});
