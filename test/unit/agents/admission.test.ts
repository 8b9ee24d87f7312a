import { describe, expect, it } from 'vitest';
import { Admission } from '../../../agents/admission.ts';
import type { Entry } from '../../../agents/entry.ts';
import type { SeatKeeper } from '../../../agents/seat-keeper.ts';
import { SessionWatch } from '../../../agents/session-watch.ts';
import type { SeatClaim } from '../../../core/registry/seat-book.ts';
import { toBase64Url } from '../../../core/ticket/base64url.ts';
import { aScene, KEY, PLACEMENT, type Scene, T_MS, ticketOf, verify } from '../../support/agent-scene.ts';

const sub = (client: string): string => toBase64Url(Buffer.from(client));

interface Desk {
  readonly scene: Scene;
  readonly keeper: SeatKeeper;
  readonly sessions: SessionWatch;
  readonly admission: Admission;
  isDraining: boolean;
  ticket(claim: SeatClaim | undefined, more?: Parameters<typeof ticketOf>[1]): string;
  /** A seat of ann's, and its ticket. */
  seat(): Promise<string>;
}

async function aDesk(options: { readonly isCounted?: boolean } = {}): Promise<Desk> {
  const { isCounted = false } = options;
  const scene = await aScene();
  const keeper = await scene.live({ isCounted });
  if (isCounted) keeper.observe(0, scene.clock.monoMs());
  await scene.store.place(KEY, PLACEMENT);
  await scene.beat(keeper);
  const sessions = new SessionWatch(40_000);
  const desk: Desk = {
    scene,
    keeper,
    sessions,
    isDraining: false,
    admission: new Admission({
      keeper,
      sessions,
      clock: scene.clock,
      verify,
      iss: 'onedoor',
      isCounted,
      isDraining: () => desk.isDraining,
      capacity: () => 4,
    }),
    ticket: (claim, more) => ticketOf(claim as SeatClaim, { wallMs: scene.clock.wallMs(), ...more }),
    seat: async () => desk.ticket((await scene.take())[0]),
  };
  return desk;
}

const code = (entry: Entry): string => (entry.ok ? 'admitted' : entry.code);

describe('a ticket', () => {
  it('lets a ticket in at once after an outage, before the next beat', async () => {
    const desk = await aDesk();
    desk.scene.clock.advance(T_MS + 600_000);
    expect(desk.keeper.isLeased).toBe(false);
    const { get } = desk.scene.store;
    const ticket = await desk.seat();
    desk.scene.store.get = () => Promise.reject(new Error('away'));
    expect(await desk.admission.enter(ticket, true)).toMatchObject({ code: 'agent.not-ready' });
    desk.scene.store.get = get;
    desk.scene.clock.advance(1_000);
    expect(await desk.admission.enter(ticket, true)).toMatchObject({ ok: true });
  });

  it('admits its holder once and lets him come back; another on it is refused', async () => {
    const { admission, seat } = await aDesk();
    const ticket = await seat();
    expect(await admission.enter(ticket, true, sub('ann'))).toMatchObject({ ok: true, resumed: false });
    expect(await admission.enter(ticket, true)).toMatchObject({ ok: true, resumed: true });
    expect(code(await admission.enter(ticket, true, sub('bob')))).toBe('ticket.in-use');
  });

  it('of another client, server or deployment, or from the future, is refused', async () => {
    const { admission, scene, ticket } = await aDesk();
    const [claim] = await scene.take();
    expect(code(await admission.enter(ticket(claim), true, sub('bob')))).toBe('ticket.wrong-client');
    const wallMs = scene.clock.wallMs();
    const server = { ...PLACEMENT, id: 'i-b.0' };
    expect(code(await admission.enter(ticket(claim, { wallMs, server }), true))).toBe('ticket.wrong-server');
    expect(code(await admission.enter(ticket(claim, { wallMs, iss: 'other' }), true))).toBe('ticket.wrong-deployment');
    expect(code(await admission.enter(ticket(claim, { wallMs: wallMs + 6_000 }), true))).toBe('ticket.clock');
    expect(code(await admission.enter('x.y.z', true))).toBe('ticket.malformed');
    expect(await admission.enter(ticket(claim), true, sub('ann'))).toMatchObject({ ok: true });
  });

  it('that is late takes one seat like anybody, however often it is shown', async () => {
    const { admission, scene, keeper, ticket } = await aDesk();
    const [claim] = await scene.take();
    await scene.pass(keeper, T_MS + 10_000);
    const shown = [admission.enter(ticket(claim), false), admission.enter(ticket(claim), false)];
    const [first, second] = await Promise.all(shown);
    expect(first).toMatchObject({ ok: true, session: { sub: 'YW5u' } });
    expect(second).toEqual(first);
    expect(await scene.free()).toBe(3);
    expect(await admission.enter(ticket(claim), true)).toMatchObject({ ok: true, resumed: true });
    expect(keeper.sessions).toBe(1);
  });

  it('that is new is refused while the server drains; who is in may come back', async () => {
    const desk = await aDesk();
    const [inside, outside] = [await desk.seat(), await desk.seat()];
    await desk.admission.enter(inside, true);
    desk.isDraining = true;
    expect(code(await desk.admission.enter(outside, true))).toBe('agent.draining');
    expect(code(await desk.admission.enterDirect())).toBe('agent.draining');
    expect(await desk.admission.enter(inside, true)).toMatchObject({ resumed: true });
  });

  it('does not activate anything where the game is only counted', async () => {
    const { admission, scene, keeper, seat } = await aDesk({ isCounted: true });
    const ticket = await seat();
    expect(await admission.enter(ticket, false)).toEqual({ ok: true, resumed: false });
    await scene.beat(keeper);
    expect(await scene.free()).toBe(3);
    expect(keeper.sessions).toBe(0);
  });
});

describe('a seat that is given back', () => {
  it('is free again, and its ticket is over', async () => {
    const { admission, scene, keeper, seat } = await aDesk();
    const ticket = await seat();
    expect(admission.leave(ticket, sub('bob'))).toMatchObject({ code: 'ticket.wrong-client' });
    expect(admission.leave(ticket, sub('ann'))).toEqual({ ok: true });
    expect(admission.leave(ticket)).toEqual({ ok: true });
    expect(code(await admission.enter(ticket, true))).toBe('ticket.ended');
    await scene.beat(keeper);
    expect(await scene.free()).toBe(4);
  });

  it('stays taken if somebody plays on it', async () => {
    const { admission, keeper, seat } = await aDesk();
    const ticket = await seat();
    await admission.enter(ticket, true);
    expect(admission.leave(ticket)).toEqual({ ok: true });
    expect(keeper.sessions).toBe(1);
  });
});

describe('joins without a ticket', () => {
  it('each take a seat, until there is none', async () => {
    const { admission } = await aDesk();
    const entries = await Promise.all(Array.from({ length: 5 }, () => admission.enterDirect()));
    expect(entries.map(code).sort()).toEqual(['admitted', 'admitted', 'admitted', 'admitted', 'agent.full']);
  });

  it('are refused when too many are under way', async () => {
    const { admission } = await aDesk();
    const entries = await Promise.all(Array.from({ length: 18 }, () => admission.enterDirect()));
    expect(entries.slice(16)).toMatchObject(Array(2).fill({ code: 'agent.full', retryAfterMs: 1_000 }));
    expect(code(await admission.enterDirect())).toBe('agent.full');
  });
});
