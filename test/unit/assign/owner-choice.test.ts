import { describe, expect, it } from 'vitest';
import { type OwnerRequest, ownerOf } from '../../../core/assign/owner-choice.ts';
import { createPolicy } from '../../../core/select/create-policy.ts';
import { aServer, aView, servers, setOpen } from '../../support/builders.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const options = {
  policy: createPolicy('stateless-3'),
  defaultApp: 'arena',
  service: { address: Uint8Array.of(198, 51, 100, 4), port: 7_000 },
  rng: seededRng(1),
};

function aRequest(more: Partial<OwnerRequest> = {}): OwnerRequest {
  const source = { address: Uint8Array.of(203, 0, 113, 9), port: 40_000, protocol: 17 } as const;
  return { family: 4, avoid: [], slotZeroOnly: false, source, ...more };
}

function owner(view = aView(servers(5)), request = aRequest(), silent: readonly string[] = []): string {
  const found = ownerOf(options, view, request, silent);
  return found.ok ? found.server.id : found.code;
}

describe('the owner of a request', () => {
  it('is the one of the example in docs/PROTOCOL.md, section 6', () => {
    expect(owner()).toBe('s-00003.0');
  });

  it('is the next one where it was silent, and so on around', () => {
    expect(owner(undefined, undefined, ['s-00003.0'])).toBe('s-00004.0');
    expect(owner(undefined, undefined, ['s-00003.0', 's-00004.0'])).toBe('s-00000.0');
    expect(owner(undefined, aRequest({ avoid: ['s-00003.0'] }))).toBe('s-00004.0');
  });

  it('is no server that is closed, full or not', () => {
    const view = aView(servers(5, () => ({ free: 0 })));
    expect(owner(view)).toBe('s-00003.0');
    setOpen(view, 3, false);
    expect(owner(view)).toBe('s-00004.0');
  });

  it('has slot 0 for a classic request', () => {
    const view = aView(['a.0', 'a.1', 'a.2'].map((id) => aServer({ id })));
    const sources = Array.from({ length: 9 }, (_, n) => ({
      address: Uint8Array.of(10, 0, 0, n),
      port: 1,
      protocol: 17 as const,
    }));
    const owners = sources.map((source) => owner(view, aRequest({ slotZeroOnly: true, source })));
    expect(new Set(owners)).toEqual(new Set(['a.0']));
  });

  it('is the one that the client picked, or none', () => {
    expect(owner(undefined, aRequest({ pick: 's-00001.0' }))).toBe('s-00001.0');
    expect(owner(undefined, aRequest({ pick: 's-9.0' }))).toBe('assign.no-capacity');
  });

  it('is in the app, world and family that were asked for', () => {
    expect(owner(undefined, aRequest({ app: 'other' }))).toBe('assign.unknown-app');
    expect(owner(undefined, aRequest({ world: 'other' }))).toBe('assign.unknown-world');
    expect(owner(undefined, aRequest({ family: 6 }))).toBe('assign.no-capacity');
  });
});
