import { describe, expect, it } from 'vitest';
import { createPlaceBook } from '../../../agents/place-book.ts';
import { buildView } from '../../support/build-view.ts';
import { aServer } from '../../support/builders.ts';
import { fakeClock } from '../../support/fake-clock.ts';

function aBook(...ids: readonly string[]) {
  const clock = fakeClock();
  let reads = 0;
  let known: readonly string[] = [];
  const book = createPlaceBook({
    clock,
    reader: {
      view: () =>
        buildView(
          known.map((id) => aServer({ id })),
          1,
          15_000,
        ),
      async refresh() {
        reads++;
        known = ids;
      },
    },
  });
  return { book, clock, reads: () => reads };
}

describe('where other servers are', () => {
  it('is read when it is first asked, and known from then on', () => {
    const { book, reads } = aBook('b.0', 'c.0');
    expect(book(['c.0'])).toEqual([]);
    expect(book(['c.0', 'b.0']).map(({ id }) => id)).toEqual(['c.0', 'b.0']);
    expect(reads()).toBe(1);
  });

  it('is read again for servers that are not known, and now and then', () => {
    const { book, clock, reads } = aBook('b.0');
    book(['b.0']);
    clock.advance(5_000);
    book(['b.0']);
    expect(reads()).toBe(1);
    book(['b.0', 'new.0']);
    expect(reads()).toBe(2);
    clock.advance(60_000);
    book(['b.0']);
    expect(reads()).toBe(3);
  });
});
