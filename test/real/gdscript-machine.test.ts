import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAddress, toWireAddress } from '../../core/wire/address.ts';
import { encodeResponse } from '../../core/wire/encode-response.ts';
import { GodotProject, NO_GODOT } from '../support/godot.ts';

interface Done {
  readonly at: number;
  readonly do: string;
  readonly via?: string;
  readonly channel?: number;
  readonly nonce?: string;
  readonly size?: number;
  readonly to?: string;
  readonly [field: string]: unknown;
}

type Fields = Omit<Parameters<typeof encodeResponse>[0], 'nonce' | 'address'>;

const KEEPALIVE = { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 };

/** An answer of `server`, whose nonce the scenario fills in. */
function answer(address: string, fields: Fields = {}): { answer: string } {
  const known = toWireAddress(parseAddress(address)!);
  const encoded = encodeResponse({ address: known, nonce: new Uint8Array(8), ...fields }, { maxBytes: 1_200 });
  if (!encoded.ok) throw new Error(encoded.code);
  return { answer: Buffer.from(encoded.bytes).toString('hex') };
}

const GRANT = answer('203.0.113.1', { server: 'i-1.0', ticket: 'ticket', keepalive: KEEPALIVE });
const ALIVE = answer('203.0.113.1', { server: 'i-1.0', keepalive: KEEPALIVE });
/** Given a server at 0 ms, which has answered the first keepalive. */
const PLAYING = [GRANT, ALIVE];

describe.skipIf(NO_GODOT)('the session of the client for Godot, on a virtual clock', () => {
  let project: GodotProject;
  beforeAll(() => {
    project = new GodotProject(['test/gdscript/machine.gd']);
  });
  afterAll(() => project?.remove());
  const play = (steps: readonly object[], doors = ['198.51.100.1']): Promise<Done[]> => {
    return project.run<Done>('machine.gd', { doors, steps });
  };
  const only = (done: readonly Done[], ...what: readonly string[]): Done[] =>
    done.filter((each) => what.includes(each.do));

  it('repeats its request with the same nonce from new ports, then over TCP, and ends after 6 s', async () => {
    const done = await play([{ until: 6_000 }]);

    const sent = only(done, 'send');
    expect(sent.map(({ at, size }) => [at, size])).toEqual([
      [0, 800],
      [350, 800],
      [700, 800],
      [1_000, expect.any(Number)],
    ]);
    expect(new Set(sent.map(({ nonce }) => nonce)).size).toBe(1);
    expect(only(done, 'open').map(({ via }) => via)).toEqual(['udp', 'udp', 'udp', 'tcp']);
    expect(only(done, 'refused')).toEqual([expect.objectContaining({ at: 6_000, code: 'client.no-answer' })]);
    expect(only(done, 'close')).toHaveLength(4);
  });

  it('asks the next address of the door with each repeat', async () => {
    const done = await play([{ until: 1_300 }], ['198.51.100.1', '2001:db8::1']);

    expect(only(done, 'send').map(({ to }) => to)).toEqual([
      '198.51.100.1:7000',
      '2001:db8::1:7000',
      '198.51.100.1:7000',
      '198.51.100.1:7000',
      '2001:db8::1:7000',
    ]);
  });

  it('reaches servers through the translator by which it reached the door', async () => {
    const done = await play(PLAYING.slice(0, 1), ['64:ff9b::c633:6401']);

    expect(only(done, 'assigned')).toEqual([expect.objectContaining({ id: 'i-1.0', address: '64:ff9b::cb00:7101' })]);
    expect(only(done, 'send').at(-1)).toMatchObject({ to: '64:ff9b::cb00:7101:7000' });
  });

  it('waits longer after each failure, for what the door says and a random time', async () => {
    const full = answer('0.0.0.0', { error: { code: 1, retryAfterMs: 1_000, reason: '' } });
    const steps = Array.from({ length: 10 }, (_, n) => [full, { until: (n + 1) * 40_000 }]).flat();
    const waits = only(await play(steps), 'refused').map(({ retryInMs }) => Number(retryInMs));

    for (const [n, wait] of waits.slice(0, 5).entries()) {
      expect(wait).toBeGreaterThanOrEqual(n === 0 ? 1_000 : 0);
      expect(wait).toBeLessThanOrEqual(1_000 + Math.min(30_000, 250 * 2 ** n));
    }
    expect(waits.length).toBeGreaterThan(5);
  });

  it('shows the ticket at once, then asks every 20 s', async () => {
    const done = await play([...PLAYING, { until: 20_000 }, ALIVE, { until: 40_000 }]);

    const keepalives = only(done, 'send').slice(1);
    expect(keepalives.map(({ at, size }) => [at, size])).toEqual([
      [0, 96],
      [20_000, 96],
      [40_000, 96],
    ]);
  });

  it('asks after so many datagrams as the server wants', async () => {
    const done = await play([...PLAYING, { until: 500 }, { sent: 9 }, { until: 600 }, { sent: 1 }]);

    expect(only(done, 'send').slice(2)).toEqual([expect.objectContaining({ at: 600 })]);
  });

  it('gives a silent server up 1.4 s after the keepalive, each packet with a nonce of its own', async () => {
    const done = await play([...PLAYING, { until: 500 }, { sent: 10 }, { until: 2_000 }]);

    const sent = only(done, 'send').slice(2);
    expect(sent.slice(0, 3).map(({ at }) => at)).toEqual([500, 1_200, 1_550]);
    expect(new Set(sent.map(({ nonce }) => nonce)).size).toBe(sent.length);
    expect(only(done, 'lost')).toEqual([expect.objectContaining({ at: 1_900, reason: 'silent' })]);
  });

  it('never gives a server up while its game is heard, and asks it when that stops', async () => {
    const flow = Array.from({ length: 40 }, (_, n) => [{ until: 100 * (n + 1) }, { received: 1 }, { sent: 1 }]).flat();
    const done = await play([...PLAYING, ...flow, { until: 10_000 }]);

    const [lost, ...others] = only(done, 'lost');
    expect(others).toEqual([]);
    // The last datagram came at 4 s; it speaks for its server for a second.
    expect(lost?.at).toBeGreaterThanOrEqual(5_000);
    expect(lost?.at).toBeLessThanOrEqual(6_500);
  });

  it('asks three times more before it judges, if the whole game slept', async () => {
    const asleep = [...PLAYING, { sent: 10 }, { until: 1_050 }, { sleep: 60_000 }, { until: 61_100 }];
    const woken = await play([...asleep, ALIVE, { until: 61_200 }, ALIVE, { until: 70_000 }]);
    const dead = await play([...asleep, { until: 70_000 }]);

    expect(only(woken, 'lost')).toEqual([]);
    expect(only(dead, 'lost')).toEqual([expect.objectContaining({ at: 62_450 })]);
  });

  it('takes five minutes for the most that a door can make it wait', async () => {
    const done = await play([answer('0.0.0.0', { error: { code: 6, retryAfterMs: 4_294_967_295, reason: '' } })]);

    expect(Number(only(done, 'refused')[0]?.['retryInMs'])).toBeLessThanOrEqual(300_250);
  });

  it('gives an unused seat back, and a used one not', async () => {
    const unused = await play([GRANT, { close: 1 }, ALIVE]);
    const used = await play([...PLAYING, { close: 1 }]);

    expect(only(unused, 'send', 'closed').map((each) => each.do)).toEqual(['send', 'send', 'send', 'closed']);
    expect(only(used, 'send', 'closed').map((each) => each.do)).toEqual(['send', 'send', 'closed']);
  });

  it('goes over to the server that its own names, once that one has answered', async () => {
    const moving = answer('203.0.113.2', { server: 'i-2.0', ticket: 'other', movingMs: 30_000 });
    const other = answer('203.0.113.2', { server: 'i-2.0' });
    const done = await play([GRANT, moving, { until: 100 }, other]);

    expect(only(done, 'moving', 'reassigned', 'lost')).toEqual([
      expect.objectContaining({ do: 'moving', named: true, endsInMs: 30_000, at: 0 }),
      expect.objectContaining({ do: 'reassigned', id: 'i-2.0', at: 100 }),
    ]);
  });

  it('leaves no channel open', async () => {
    const done = await play([...PLAYING, { until: 500 }, { lost: 1 }, { until: 3_000 }, { close: 1 }]);

    const channels = (what: string) => new Set(only(done, what).map(({ channel }) => channel));
    expect(channels('open').size).toBeGreaterThan(3);
    expect(channels('close')).toEqual(channels('open'));
  });
});
