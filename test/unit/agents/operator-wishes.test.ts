import { describe, expect, it } from 'vitest';
import { WishDesk } from '../../../agents/operator-wishes.ts';

/** A desk whose agent claimed its row at beat 10: what it did, in order. */
function aDesk() {
  const done: unknown[] = [];
  const moving = {
    begin: (by = 'machine') => void done.push(['begin', by]),
    end: (by = 'machine') => void done.push(['end', by]),
    sendOff: (count: number) => void done.push(count),
  };
  const desk = new WishDesk(moving, () => {});
  return { done, obey: (wanted: Parameters<WishDesk['obey']>[0]['wanted']) => desk.obey({ wanted, since: 10 }) };
}

describe('what an operator writes into the row', () => {
  it('is obeyed as long as it stands there, if it is a drain', () => {
    const { done, obey } = aDesk();
    obey({ drain: true });
    obey({});
    expect(done).toEqual([
      ['begin', 'operator'],
      ['end', 'operator'],
    ]);
  });

  it('is obeyed once, if clients shall go elsewhere, and never what was meant for a life before', () => {
    const { done, obey } = aDesk();
    for (const [count, beat] of [
      [4, 9],
      [5, 10],
      [5, 10],
      [7, 10],
      [6, 12],
    ] as const) {
      obey({ move: { count, beat } });
    }
    expect(done.filter((each) => typeof each === 'number')).toEqual([5, 6]);
  });
});
