import { describe, expect, it } from 'vitest';
import type { PublicKey } from '../../../core/ports.ts';
import { type KeyStage, type KeyVault, rotateKeys } from '../../../core/ticket/key-rotation.ts';

const DAY_MS = 86_400_000;
const PERIOD_MS = 30 * DAY_MS;

/** A vault in memory that can break off after any number of writes. */
class Vault implements KeyVault {
  stages: Partial<Record<KeyStage, string>> = { current: 'k1' };
  made: Record<string, number> = {};
  published: readonly string[] = [];
  signed = new Set<string>();
  nowMs = 0;
  writesLeft = Number.POSITIVE_INFINITY;
  private count = 1;

  async versions() {
    const { current, next } = this.stages;
    return { current: current!, ...(next !== undefined && { next: { id: next, madeMs: this.made[next]! } }) };
  }

  async publicKey(stage: KeyStage): Promise<PublicKey | undefined> {
    const kid = this.stages[stage];
    return kid === undefined ? undefined : { kid, x: `x-${kid}` };
  }

  async makeNext(): Promise<void> {
    this.write();
    this.count++;
    this.stages = { ...this.stages, next: `k${this.count}` };
    this.made[`k${this.count}`] = this.nowMs;
  }

  async promote({ next }: { readonly next: { readonly id: string } }): Promise<void> {
    this.write();
    this.stages = { ...this.stages, previous: this.stages.current!, current: next.id };
  }

  async publish(keys: readonly PublicKey[]): Promise<void> {
    this.write();
    this.published = keys.map(({ kid }) => kid);
  }

  private write(): void {
    if (this.writesLeft-- <= 0) throw new Error('broken off');
  }
}

function run(vault: Vault) {
  return rotateKeys({ vault, publish: (keys) => vault.publish(keys), periodMs: PERIOD_MS, nowMs: vault.nowMs });
}

describe('key rotation', () => {
  it('publishes the signing key and makes the next one at its first run', async () => {
    const vault = new Vault();
    expect(await run(vault)).toEqual({ rotated: false, kids: ['k1', 'k2'] });
    expect(vault.published).toEqual(['k1', 'k2']);
  });

  it('changes nothing before the period is over', async () => {
    const vault = new Vault();
    await run(vault);
    vault.nowMs = PERIOD_MS - 1;
    expect(await run(vault)).toEqual({ rotated: false, kids: ['k1', 'k2'] });
  });

  it('lets the next key sign after it was published for the period, and keeps the one before', async () => {
    const vault = new Vault();
    await run(vault);
    vault.nowMs = PERIOD_MS;
    expect(await run(vault)).toEqual({ rotated: true, kids: ['k2', 'k3', 'k1'] });
    vault.nowMs = 2 * PERIOD_MS;
    expect(await run(vault)).toEqual({ rotated: true, kids: ['k3', 'k4', 'k2'] });
  });

  it('never signs with a key that was not published a run before, wherever a run breaks off', async () => {
    for (let brokenAfter = 0; brokenAfter < 8; brokenAfter++) {
      const vault = new Vault();
      await run(vault);
      for (const nowMs of [PERIOD_MS, PERIOD_MS + DAY_MS, 2 * PERIOD_MS + DAY_MS, 3 * PERIOD_MS + 2 * DAY_MS]) {
        vault.nowMs = nowMs;
        const publishedBefore = vault.published;
        vault.writesLeft = brokenAfter;
        await run(vault).catch(() => undefined);
        expect(publishedBefore).toContain(vault.stages.current);
        vault.writesLeft = Number.POSITIVE_INFINITY;
        await run(vault);
        expect(vault.published).toContain(vault.stages.current);
        expect(vault.published[0]).toBe(vault.stages.current);
        expect(vault.stages.next).not.toBe(vault.stages.current);
      }
    }
  });
});
