import { describe, expect, it } from 'vitest';
import type { PublicKey } from '../../../core/ports.ts';
import { createKeySet } from '../../../lambda/key-set.ts';
import { fakeClock } from '../../support/fake-clock.ts';

const own: PublicKey = { kid: 'own', x: 'A' };
const next: PublicKey = { kid: 'next', x: 'B' };

/** The registry's keys, each reading of which is counted. */
function aKeySet() {
  const clock = fakeClock();
  const errors: unknown[] = [];
  const seen: string[] = [];
  const registry = { keys: [next, own] as PublicKey[] | Error, readings: 0 };
  const keySet = createKeySet({
    own: () => own,
    sawSigning: (kid) => seen.push(kid),
    clock,
    onError: (error) => errors.push(error),
    async read() {
      registry.readings++;
      if (registry.keys instanceof Error) throw registry.keys;
      return registry.keys;
    },
  });
  return { clock, errors, registry, keySet, seen };
}

describe('the key set', () => {
  it('has the own key once and those of the registry', async () => {
    const { keySet } = aKeySet();

    expect(await keySet()).toEqual([own, next]);
  });

  it('tells which key the registry says signs', async () => {
    const { keySet, seen } = aKeySet();

    await keySet();

    expect(seen).toEqual(['next']);
  });

  it('has the own key also before the registry knows it', async () => {
    const { keySet, registry } = aKeySet();
    registry.keys = [];

    expect(await keySet()).toEqual([own]);
  });

  it('is read once a minute', async () => {
    const { keySet, registry, clock } = aKeySet();

    await keySet();
    clock.advance(59_999);
    await keySet();
    expect(registry.readings).toBe(1);
    clock.advance(1);
    await keySet();
    expect(registry.readings).toBe(2);
  });

  it('stays as it was while the registry is away', async () => {
    const { keySet, registry, clock, errors } = aKeySet();
    await keySet();
    registry.keys = new Error('away');
    clock.advance(60_000);

    expect(await keySet()).toEqual([own, next]);
    expect(errors).toEqual([new Error('away')]);
    expect(await keySet()).toBe(await keySet());
  });
});
