import { describe, expect, it } from 'vitest';
import { mutate } from '../attacks/mutated.ts';
import { floodSpoofed, UNVERIFIED_PER_SECOND } from '../attacks/spoofed.ts';
import { attackTickets } from '../attacks/tickets.ts';

const seed = Math.floor(Math.random() * 1e6);

describe(`attacks, small; npm run attacks -- --seed ${seed}`, () => {
  it('of forged sources take no more than the first second gives, and leave the seats to real clients', async () => {
    const flood = await floodSpoofed({ sources: 10_000, seed });
    expect(flood.writesInFirstSecond).toBeLessThanOrEqual(UNVERIFIED_PER_SECOND);
    expect(flood.writesLater).toBe(0);
    expect(flood.realSeatsPct).toBeGreaterThanOrEqual(80);
    expect(flood.worstReplyRatio).toBeLessThanOrEqual(1);
  });

  it('by changed datagrams and requests make nothing throw, and get no answer to what is malformed', async () => {
    const seen = await mutate({ inputs: 10_000, seed });
    expect(seen).toMatchObject({ thrown: 0, answered: 0, amplified: 0 });
    expect(seen.wellFormed).toBeGreaterThan(200);
  });

  it('by forged, replayed, misdirected and stolen tickets get nobody in, nor after the agent was killed', async () => {
    const taken = await attackTickets({ forgeries: 1_000, seed });
    expect(taken).toMatchObject({ forged: 0, replayed: 0, misdirected: 0, stolen: 0 });
    expect(taken.genuine).toBe(400);
  });
});
