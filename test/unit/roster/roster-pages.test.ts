import { describe, expect, it } from 'vitest';
import { createRosterPages, type PageRequest } from '../../../core/roster/roster-pages.ts';
import { aServer, aView, servers } from '../../support/builders.ts';

function pageOf(view = aView(), request: PageRequest = {}) {
  const page = createRosterPages('arena')(view, request);
  if ('code' in page) throw new Error(page.code);
  return page;
}

describe('a page of the roster', () => {
  it('tells what may not be had: draining, suspected, late; not what is gone', () => {
    const { entries } = pageOf(
      aView([
        aServer({ id: 'a.0', state: 'draining' }),
        aServer({ id: 'b.0', suspect: true }),
        aServer({ id: 'c.0', beatAgeMs: 60_000 }),
        aServer({ id: 'd.0', state: 'gone' }),
        aServer({ id: 'e.0', maxCapacity: 4 }),
      ]),
    );
    expect(entries.map(({ id, state, suspect, free }) => [id, state, suspect, free])).toEqual([
      ['a.0', 'draining', false, 0],
      ['b.0', 'ready', true, 0],
      ['c.0', 'ready', true, 0],
      ['e.0', 'ready', false, 4],
    ]);
  });

  it('has addresses of both families and the ports that have numbers', () => {
    const [entry] = pageOf(
      aView([aServer({ ipv4: undefined, ipv6: '2001:db8::5', ports: { game: 1, probe: 2, '16': 3, odd: 4 } })]),
    ).entries;
    expect(entry!.ipv4).toBeUndefined();
    expect(entry!.ipv6?.length).toBe(16);
    expect(entry!.ports).toEqual(
      expect.arrayContaining([
        { role: 0, port: 1 },
        { role: 1, port: 2 },
        { role: 16, port: 3 },
      ]),
    );
    expect(entry!.ports).toHaveLength(3);
  });

  it('is of the app and world asked for', () => {
    const view = aView([
      aServer({ id: 'a.0' }),
      aServer({ id: 'b.0', world: 'w2' }),
      aServer({ id: 'c.0', app: 'voip' }),
    ]);
    const ids = (request: PageRequest) => pageOf(view, request).entries.map(({ id }) => id);
    expect(ids({})).toEqual(['a.0', 'b.0']);
    expect(ids({ world: 'w2' })).toEqual(['b.0']);
    expect(ids({ app: 'voip' })).toEqual(['c.0']);
  });

  it('is empty for the default app without servers, an error for others, and none before there is a roster', () => {
    const pages = createRosterPages('arena');
    expect(pages(aView([aServer({ app: 'voip' })]), {})).toMatchObject({ pages: 1, entries: [] });
    expect(pages(aView(), { app: 'chess' })).toMatchObject({ code: 'assign.unknown-app' });
    expect(pages(aView(), { world: 'w9' })).toMatchObject({ code: 'assign.unknown-world' });
    expect(pages(aView([], 0), {})).toMatchObject({ code: 'assign.unavailable' });
  });

  it('belongs to the others of its version, and is made anew for another roster only', () => {
    const pages = createRosterPages('arena');
    const view = aView(servers(100), 2 ** 32 + 7);
    const first = pages(view, { page: 0 });
    expect(first).toMatchObject({ version: 7, page: 0 });
    expect(pages(view, { page: 0 })).toBe(first);
    expect(pages(aView(servers(100)), { page: 0 })).not.toBe(first);
  });

  it('keeps no more lists than a few, whatever names are asked for', () => {
    const pages = createRosterPages('arena');
    const view = aView(servers(100, (n) => ({ world: `w${n}` })));
    const ask = (n: number) => pages(view, { world: `w${n}` });
    const worlds = Array.from({ length: 100 }, (_, n) => n);
    const first = worlds.map(ask);
    expect(worlds.filter((n) => ask(n) === first[n])).toHaveLength(16);
  });
});
