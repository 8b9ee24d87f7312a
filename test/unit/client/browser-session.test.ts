import { describe, expect, it } from 'vitest';
import { BrowserSession, type BrowserSettings } from '../../../client/browser-session.ts';
import type { PlainGrant, PlainServer, RosterServer } from '../../../client/http-answers.ts';
import type { AssignAnswer } from '../../../client/http-api.ts';
import { until } from '../../support/until.ts';

const aServer = (id: string): PlainServer => ({ id, ipv4: '203.0.113.7', ipv6: '2001:db8::7', ports: { game: 1 } });
const aGrant = (id: string, ...alternates: string[]): AssignAnswer => ({
  ok: true,
  grant: { server: aServer(id), ticket: `ticket-${id}`, alternates: alternates.map(aServer) },
});
const listed = (id: string, sessions = 0): RosterServer => ({
  ...{ ...aServer(id), status: 'ready', sessions },
  ...{ capacity: 9, free: 9 },
});

/** A session whose door gives these answers in turn, the last one again and again; an Error is silence. */
function open(answers: readonly (AssignAnswer | Error)[], more: Partial<BrowserSettings> = {}) {
  const asked: Record<string, unknown>[] = [];
  const reports: string[] = [];
  const left = [...answers];
  const settings: BrowserSettings = {
    api: {
      assign: async (fields) => {
        asked.push(JSON.parse(JSON.stringify(fields)));
        const answer = left.length > 1 ? left.shift()! : left[0]!;
        if (answer instanceof Error) throw answer;
        return answer;
      },
      report: async (ticket, reason) => void reports.push(`${ticket} ${reason}`),
      roster: async () => ({ version: 1, servers: [], pages: [] }),
      menu: async () => [],
      keys: async () => '',
    },
    end: new AbortController(),
    fields: { app: 'arena', world: undefined, group: undefined, family: undefined },
    ...{ client: 'alice', choose: undefined, timeoutMs: 10_000, signal: undefined, resume: undefined },
    ...{ list: async () => [], kept: async () => [], keep: async () => {} },
    ...more,
  };
  return { opened: BrowserSession.open(settings), asked, reports };
}

const saved = (grant: PlainGrant) => ({ version: 1, client: 'alice', family: 4, ...grant }) as const;

describe('a session in a browser', () => {
  it('takes its ticket to the alternates when it is lost, then asks the door without those servers', async () => {
    const { opened, asked, reports } = open([aGrant('a.0', 'b.0', 'c.0'), aGrant('d.0')]);
    const session = await opened;
    const seen: string[] = [];
    session.on('lost', ({ server }) => seen.push(`lost ${server.id}`));
    session.on('reassigned', ({ server, from }) => seen.push(`${from.id} to ${server.id} with ${session.ticket}`));

    for (let n = 0; n < 2; n++) session.lost();
    expect(asked).toHaveLength(1);
    session.lost();
    await until(() => seen.length === 6);

    expect(seen).toEqual([
      'lost a.0',
      'a.0 to b.0 with ticket-a.0',
      'lost b.0',
      'b.0 to c.0 with ticket-a.0',
      'lost c.0',
      'c.0 to d.0 with ticket-d.0',
    ]);
    expect(asked[1]).toEqual({ app: 'arena', client: 'alice', avoid: ['c.0', 'b.0', 'a.0'] });
    expect(reports).toEqual(Array(3).fill('ticket-a.0 silent'));
    session.close();
  });

  it('shows no alternate a ticket that was refused, and looks once however often it is told', async () => {
    const { opened, asked, reports } = open([aGrant('a.0', 'b.0'), aGrant('c.0')]);
    const session = await opened;

    session.lost('refused');
    session.lost();
    await until(() => session.server.id === 'c.0');

    expect(asked).toHaveLength(2);
    expect(reports).toEqual(['ticket-a.0 refused']);
    session.close();
    session.lost();
    expect(asked).toHaveLength(2);
  });

  it('goes on asking while the door is full or silent, and says so', async () => {
    const full: AssignAnswer = { ok: false, code: 'assign.no-capacity', retryAfterMs: 1 };
    const { opened, asked } = open([full, new Error('silence'), aGrant('a.0')]);

    expect((await opened).server.id).toBe('a.0');
    expect(asked).toHaveLength(3);
  });

  it('ends at once where a name is wrong, and after its time with what the door said', async () => {
    await expect(open([{ ok: false, code: 'assign.unknown-app' }]).opened).rejects.toMatchObject({
      code: 'assign.unknown-app',
    });
    const full = open([{ ok: false, code: 'assign.no-capacity' }], { timeoutMs: 50 });
    await expect(full.opened).rejects.toMatchObject({ code: 'assign.no-capacity' });
  });

  it('is given up by its signal', async () => {
    const abort = new AbortController();
    const { opened } = open([new Error('silence')], { signal: abort.signal });
    abort.abort(new Error('the player left'));
    await expect(opened).rejects.toThrow('the player left');
  });

  it('chooses, asks for the next where one is full, and looks at the list anew when it is lost', async () => {
    let lists = 0;
    const list = async () => {
      lists++;
      return [listed('busy.0', 5), listed('idle.0', 0), listed('half.0', 2)];
    };
    const full: AssignAnswer = { ok: false, code: 'assign.no-capacity' };
    const { opened, asked } = open([full, aGrant('half.0'), aGrant('busy.0')], { choose: 'fewest-users', list });
    const session = await opened;
    expect(asked.map(({ server }) => server)).toEqual(['idle.0', 'half.0']);

    session.lost('refused');
    await until(() => session.server.id === 'busy.0');
    expect([lists, asked.at(-1)!['avoid']]).toEqual([2, ['half.0']]);
    session.close();
  });

  it('starts from what was kept while the door is silent', async () => {
    const { opened } = open([new Error('silence')], { kept: async () => [listed('kept.0')] });
    const session = await opened;
    expect([session.server.id, session.server.address, session.ticket]).toEqual(['kept.0', '203.0.113.7', undefined]);
    session.close();
  });

  it('comes back to what it was, and says when it is elsewhere', async () => {
    const grant = (aGrant('a.0') as AssignAnswer & { ok: true }).grant;
    const { opened, asked } = open([aGrant('b.0')], { resume: saved(grant) });
    const session = await opened;
    expect([session.resumed, session.server.id, session.ticket, asked.length]).toEqual([true, 'a.0', 'ticket-a.0', 0]);
    expect(session.state()).toMatchObject(JSON.parse(JSON.stringify(saved(grant))));

    session.lost();
    expect(session.resumed).toBe(false);
    await until(() => session.server.id === 'b.0');
    expect(session.resumed).toBe(false);
    session.close();
  });
});
