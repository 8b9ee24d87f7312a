import { describe, expect, it } from 'vitest';
import { secretKeys } from '../../../adapters/crypto/secret-keys.ts';
import { createVerifier } from '../../../adapters/crypto/verifier.ts';
import type { PublicKey } from '../../../core/ports.ts';
import { decodeTicket } from '../../../core/ticket/decode.ts';
import { issueTicket } from '../../../core/ticket/issue.ts';
import { type KeyVault, rotateKeys } from '../../../core/ticket/key-rotation.ts';
import { createSigningKeys, type SecretKeys, type SigningKeys } from '../../../core/ticket/signing-keys.ts';
import { createCookies } from '../../../door/cookies.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const textOf = (name: string) => new TextEncoder().encode(`a secret of so many characters: ${name}`);
const made = new Map<string, SecretKeys>();

function keysOf(name: string): SecretKeys {
  const keys = made.get(name) ?? secretKeys(textOf(name));
  made.set(name, keys);
  return keys;
}

/** Keys of a door whose secret is what the test says, or away. */
function aDoor({ seed = 1, clock = fakeClock() } = {}) {
  const secret = { name: 'one', isAway: false, readings: 0 };
  const errors: unknown[] = [];
  const changes: string[] = [];
  const keys = createSigningKeys({
    first: keysOf('one'),
    async read() {
      secret.readings++;
      if (secret.isAway) throw new Error('away');
      return keysOf(secret.name);
    },
    clock,
    rng: seededRng(seed),
    onError: (error) => errors.push(error),
    onChange: (kid) => changes.push(kid),
  });
  return { clock, secret, keys, errors, changes };
}

function ticketOf({ signer }: SigningKeys): string {
  return issueTicket(
    {
      iss: 'test',
      server: { id: 'i-1.0', app: 'a', world: 'w', group: 'g' },
      seat: { gen: 'a1', serial: 7, expiresWallMs: 40_000 },
      client: Uint8Array.of(1),
      wallMs: 0,
      alternates: [],
    },
    signer,
  ).ticket;
}

/** Whether an agent with these keys takes the ticket. */
function isTaken(ticket: string, published: readonly PublicKey[]): boolean {
  const decoded = decodeTicket(ticket);
  return decoded.ok && createVerifier(published)(decoded.kid, decoded.signed, decoded.signature) === true;
}

describe('the signing keys of a door', () => {
  it('are read again after about an hour, and sign from then on', async () => {
    const { clock, secret, keys, changes } = aDoor();
    secret.name = 'two';
    clock.advance(HOUR_MS / 2);
    await keys.tick();
    expect(isTaken(ticketOf(keys), [keysOf('one').publicKey])).toBe(true);
    clock.advance(HOUR_MS);
    await keys.tick();
    expect(isTaken(ticketOf(keys), [keysOf('two').publicKey])).toBe(true);
    expect(keys.publicKey()).toEqual(keysOf('two').publicKey);
    expect(changes).toEqual([keysOf('two').signer.kid]);
    expect(secret.readings).toBe(1);
  });

  it('are read by doors at different times', async () => {
    const readAt = await Promise.all(
      [1, 2, 3, 4].map(async (seed) => {
        const { clock, keys, secret } = aDoor({ seed });
        for (let minute = 0; minute < 90; minute++) {
          clock.advance(MINUTE_MS);
          await keys.tick();
          if (secret.readings > 0) return minute;
        }
        return Number.NaN;
      }),
    );
    expect(new Set(readAt).size).toBeGreaterThan(2);
    expect(Math.min(...readAt)).toBeGreaterThanOrEqual(44);
    expect(Math.max(...readAt)).toBeLessThanOrEqual(75);
  });

  it('stay as they are while the secret cannot be read, and change soon after it can', async () => {
    const { clock, secret, keys, errors } = aDoor();
    secret.name = 'two';
    secret.isAway = true;
    for (let minute = 0; minute < 180; minute++) {
      clock.advance(MINUTE_MS);
      await keys.tick();
    }
    expect(isTaken(ticketOf(keys), [keysOf('one').publicKey])).toBe(true);
    expect(errors.length).toBeGreaterThan(90);
    secret.isAway = false;
    clock.advance(MINUTE_MS);
    await keys.tick();
    expect(isTaken(ticketOf(keys), [keysOf('two').publicKey])).toBe(true);
  });

  it('are read at once when another key was seen to sign, but not again and again', async () => {
    const { clock, secret, keys } = aDoor();
    clock.advance(MINUTE_MS);
    keys.sawSigning(keysOf('one').signer.kid);
    await keys.tick();
    expect(secret.readings).toBe(0);
    for (let second = 0; second < 60; second++) {
      keys.sawSigning('another');
      await keys.tick();
      clock.advance(1_000);
    }
    expect(secret.readings).toBe(2);
  });

  it('are read once at a time', async () => {
    const { clock, secret, keys } = aDoor();
    clock.advance(2 * HOUR_MS);
    await Promise.all([keys.tick(), keys.tick(), keys.tick()]);
    expect(secret.readings).toBe(1);
  });

  it('take the cookies of the key before, of which some are still about', async () => {
    const { clock, secret, keys } = aDoor();
    const cookies = createCookies(keys.mac, keys.macBefore);
    const address = Uint8Array.of(203, 0, 113, 9);
    const old = cookies.issue(address, 4_000, 0);
    secret.name = 'two';
    clock.advance(2 * HOUR_MS);
    await keys.tick();
    expect(cookies.verify(old, address, 4_000, 30_000)).toBe(true);
    expect(cookies.verify(cookies.issue(address, 4_000, 0), address, 4_000, 0)).toBe(true);
    expect(createCookies(keysOf('other').mac).verify(old, address, 4_000, 0)).toBe(false);
  });
});

/** The versions of a secret in memory, as Secrets Manager keeps them. */
function aVault(now: () => number): KeyVault & { readonly current: () => string } {
  const stages: Record<string, { id: string; madeMs: number } | undefined> = { current: { id: 'v0', madeMs: 0 } };
  let made = 0;
  return {
    current: () => stages['current']!.id,
    versions: async () => ({ current: stages['current']!.id, ...(stages['next'] && { next: stages['next'] }) }),
    publicKey: async (stage) => stages[stage] && keysOf(stages[stage].id).publicKey,
    async makeNext() {
      stages['next'] = { id: `v${++made}`, madeMs: now() };
    },
    async promote({ next }) {
      stages['previous'] = stages['current'];
      stages['current'] = next;
    },
  };
}

describe('a quarter of weekly rotations', () => {
  it('shows no ticket that an agent would refuse, though each door learns of a new key when it happens to look', async () => {
    const clock = fakeClock();
    const vault = aVault(() => clock.wallMs());
    let published: readonly PublicKey[] = [];
    const publish = async (keys: readonly PublicKey[]) => {
      published = keys;
    };
    const rotate = () => rotateKeys({ vault, publish, periodMs: 7 * DAY_MS, nowMs: clock.wallMs() });
    await rotate();
    const doors = [1, 2, 3].map((seed) =>
      createSigningKeys({
        first: keysOf('v0'),
        read: async () => keysOf(vault.current()),
        clock,
        rng: seededRng(seed),
        onError: () => {},
        onChange: () => {},
      }),
    );
    const signed = new Set<string>();
    for (let hour = 1; hour <= 90 * 24; hour++) {
      clock.advance(HOUR_MS);
      // What an agent holds may be a minute old: it reads before the rotation of the hour.
      const held = published;
      if (hour % 24 === 0) await rotate();
      for (const door of doors) {
        await door.tick();
        const { kid } = door.publicKey();
        signed.add(kid);
        for (const keys of [held, published]) expect(keys.map((key) => key.kid)).toContain(kid);
      }
    }
    expect(signed.size).toBeGreaterThan(10);
    expect(doors.every((door) => isTaken(ticketOf(door), published))).toBe(true);
  });
});
