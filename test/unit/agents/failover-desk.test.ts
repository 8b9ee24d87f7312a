import { describe, expect, it } from 'vitest';
import { Admission } from '../../../agents/admission.ts';
import type { Entry } from '../../../agents/entry.ts';
import { SessionWatch } from '../../../agents/session-watch.ts';
import { OnedoorError } from '../../../core/errors.ts';
import { toBase64Url } from '../../../core/ticket/base64url.ts';
import { aScene, KEY, PLACEMENT, T_MS, ticketOf, verify } from '../../support/agent-scene.ts';

const HERE = PLACEMENT.id;
const LOST = { ...PLACEMENT, id: 'i-lost.0' };
const HOURS = 3_600_000;
const sub = (client: string): string => toBase64Url(Buffer.from(client));
const code = (entry: Entry): string => (entry.ok ? (entry.resumed ? 'resumed' : 'admitted') : entry.code);

/** An alternate with 4 seats, one of them in reserve, and tickets of a server that is lost. */
async function anAlternate(options: { readonly isCounted?: boolean } = {}) {
  const { isCounted = false } = options;
  const scene = await aScene();
  const keeper = await scene.live({ isCounted });
  if (isCounted) keeper.observe(0, scene.clock.monoMs());
  await scene.store.place(KEY, PLACEMENT);
  const beat = () => keeper.beat({ capacity: 4, state: 'ready', reserve: isCounted ? 0 : 1 }, () => {});
  await beat();
  const sessions = new SessionWatch(40_000);
  const desk = { isDraining: false, capacity: 4 };
  const admission = new Admission({
    keeper,
    sessions,
    clock: scene.clock,
    verify,
    iss: 'onedoor',
    isCounted,
    isDraining: () => desk.isDraining,
    capacity: () => desk.capacity,
  });
  let serials = 0;
  /** The ticket of a client of the lost server. */
  const ticket = (client: string, alternates: readonly string[] = [HERE], wallMs = scene.clock.wallMs()): string =>
    ticketOf({ gen: 'lostgen', serial: ++serials, sub: client }, { wallMs, server: LOST, alternates });
  const crowd = (count: number): Promise<Entry[]> =>
    Promise.all(Array.from({ length: count }, (_, n) => admission.enter(ticket(`c${n}`), false)));
  return { scene, keeper, beat, desk, admission, ticket, crowd, sessions };
}

describe('a ticket of a lost server', () => {
  it('admits its holder on a free seat of the alternate that it names', async () => {
    const { admission, ticket, keeper, scene, beat } = await anAlternate();
    const mine = ticket('ann', ['i-other.0', HERE]);
    expect(await admission.enter(mine, false, sub('ann'))).toMatchObject({
      ok: true,
      resumed: false,
      session: { id: 'i-lost.0:lostgen:1', sub: sub('ann') },
    });
    expect(keeper.sessions).toBe(1);
    expect(await scene.free()).toBe(2);
    await beat();
    expect(await scene.free()).toBe(2);
  });

  it('is refused where it names another alternate, or none', async () => {
    const { admission, ticket } = await anAlternate();
    expect(code(await admission.enter(ticket('ann', ['i-other.0']), false))).toBe('ticket.wrong-server');
    expect(code(await admission.enter(ticket('ann', []), false))).toBe('ticket.wrong-server');
  });

  it('is good once: its holder may come back while the session lives, and not after it', async () => {
    const { admission, ticket, keeper, scene } = await anAlternate();
    const mine = ticket('ann');
    const shown = await Promise.all([admission.enter(mine, false), admission.enter(mine, false)]);
    expect(shown.map(code)).toEqual(['admitted', 'admitted']);
    expect(code(await admission.enter(mine, true))).toBe('resumed');
    expect(code(await admission.enter(mine, true, sub('bob')))).toBe('ticket.in-use');
    expect(await scene.free()).toBe(2);
    expect(keeper.end('i-lost.0:lostgen:1')).toBe(true);
    expect(code(await admission.enter(mine, false))).toBe('ticket.ended');
  });

  it('is good once also when the agent restarts in between', async () => {
    const { admission, ticket, keeper, scene } = await anAlternate();
    await admission.enter(ticket('ann'), false);
    const mine = ticket('bob');
    await admission.enter(mine, false);
    keeper.end('i-lost.0:lostgen:2');
    await scene.kill();
    const next = await scene.live();
    const claim = { sub: sub('bob'), jti: 'i-lost.0:lostgen:2', untilSeconds: 0 };
    expect([...(next.book?.sessions.keys() ?? [])]).toEqual(['i-lost.0:lostgen:1']);
    expect(next.book?.failovers?.has(claim.jti)).toBe(true);
  });

  it('is refused by the wrong client, when it is older than 12 hours, and by a server that drains', async () => {
    const { admission, ticket, desk, scene } = await anAlternate();
    expect(code(await admission.enter(ticket('ann'), false, sub('bob')))).toBe('ticket.wrong-client');
    const wallMs = scene.clock.wallMs();
    expect(code(await admission.enter(ticket('ann', [HERE], wallMs - 12 * HOURS), false))).toBe('ticket.too-old');
    const inside = ticket('cid', [HERE], wallMs - 11 * HOURS);
    expect(code(await admission.enter(inside, false))).toBe('admitted');
    desk.isDraining = true;
    expect(code(await admission.enter(ticket('ann'), false))).toBe('agent.draining');
    expect(code(await admission.enter(inside, false))).toBe('resumed');
  });

  it('gives nothing back by a leave: its seat was another server’s', async () => {
    const { admission, ticket, keeper } = await anAlternate();
    const mine = ticket('ann');
    await admission.enter(mine, false);
    expect(admission.leave(mine, sub('ann'))).toEqual({ ok: true });
    expect(keeper.sessions).toBe(1);
  });
});

describe('a crowd of a lost server', () => {
  it('shares one take, and gets what there is but never the reserve while the registry answers', async () => {
    const { crowd, scene } = await anAlternate();
    let writes = 0;
    const { write } = scene.store;
    scene.store.write = (key, command) => {
      writes++;
      return write(key, command);
    };
    expect((await crowd(6)).map(code)).toEqual([...Array(3).fill('admitted'), ...Array(3).fill('agent.full')]);
    // The first asks for too many and learns how many there are; the second takes them.
    expect(writes).toBe(2);
    expect(await scene.free()).toBe(0);
  });

  it('gets the reserve too while the registry is away, and never more than the capacity', async () => {
    const { crowd, scene, keeper, beat } = await anAlternate();
    scene.store.failWrites(1_000, 'before');
    expect((await crowd(3)).map(code)).toEqual(['admitted', 'agent.full', 'agent.full']);
    scene.store.failWrites(0, 'before');
    await beat();
    // The one is accounted for: of 4 seats 2 are free, one is in reserve again.
    expect(keeper.sessions).toBe(1);
    expect(await scene.free()).toBe(2);
  });

  it('is let in on the reserve also long after the last beat, which ends the lease', async () => {
    const { crowd, scene, admission } = await anAlternate();
    scene.store.failWrites(1_000, 'before');
    scene.store.get = () => Promise.reject(new Error('away'));
    scene.clock.advance(T_MS + 600_000);
    expect((await crowd(2)).map(code)).toEqual(['admitted', 'agent.full']);
    expect(code(await admission.enterDirect())).toBe('agent.not-ready');
  });

  it('counts a raise of free seats that may still land', async () => {
    const { crowd, scene, keeper, beat } = await anAlternate();
    const claims = await scene.take(3);
    for (const claim of claims) keeper.activate(claim);
    await beat();
    for (const { id } of [...(keeper.book?.sessions.values() ?? [])]) keeper.end(id);
    // All of them are given back in this beat, of which nobody knows what became.
    scene.store.failWrites(1_000, 'before');
    expect(await beat()).toBe('unknown');
    expect((await crowd(2)).map(code)).toEqual(['admitted', 'agent.full']);
  });

  it('is not kept waiting by a registry that hangs', async () => {
    const { crowd, scene } = await anAlternate();
    scene.store.write = () => new Promise(() => {});
    expect((await crowd(1)).map(code)).toEqual(['admitted']);
  });

  it('is told of what nobody foresaw', async () => {
    const { admission, ticket, scene } = await anAlternate();
    scene.store.write = () => Promise.reject(new RangeError('a fault'));
    await expect(admission.enter(ticket('ann'), false)).rejects.toThrow('a fault');
    scene.store.write = () => Promise.reject(new OnedoorError('registry.refused'));
    expect(code(await admission.enter(ticket('ann'), false))).toBe('admitted');
  });

  it('of a game that is only counted takes seats of the row and leaves them to the count', async () => {
    const { admission, ticket, scene, keeper } = await anAlternate({ isCounted: true });
    const mine = ticket('ann');
    expect(await admission.enter(mine, false)).toEqual({ ok: true, resumed: false });
    expect(await admission.enter(mine, false)).toEqual({ ok: true, resumed: true });
    expect(await scene.free()).toBe(3);
    expect(keeper.book?.used.size).toBe(0);
    scene.store.failWrites(1_000, 'before');
    expect(code(await admission.enter(ticket('bob'), false))).toBe('agent.not-ready');
  });
});
