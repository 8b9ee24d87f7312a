import { describe, expect, it } from 'vitest';
import { oncePer } from '../../../core/once-per.ts';

describe('what follows from an object alone', () => {
  it('is made once for each object, and anew for one that is only equal', () => {
    let made = 0;
    const of = oncePer((key: { readonly size: number }) => ({ double: 2 * key.size, n: ++made }));
    const [one, same] = [{ size: 3 }, { size: 3 }];
    expect(of(one)).toEqual({ double: 6, n: 1 });
    expect(of(one)).toBe(of(one));
    expect(of(same)).toEqual({ double: 6, n: 2 });
  });
});
