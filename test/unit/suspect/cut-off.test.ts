import { describe, expect, it } from 'vitest';
import { CUT_OFF } from '../../../core/registry/witnesses.ts';
import { cutOffProbers } from '../../../core/suspect/cut-off.ts';
import { aRow } from '../roster/rows.ts';

const NOW_MS = 1_800_000_000_000;

describe('probers that are cut off', () => {
  it('are gateways that said so lately, and machines whose rows say so', () => {
    const cutOffs = new Map([
      ['aa', NOW_MS - 60_000],
      ['bb', NOW_MS - 120_000],
      ['cc', NOW_MS + 1_000],
    ]);
    const rows = [
      { ...aRow({ id: 'a.0' }), sees: [CUT_OFF] },
      { ...aRow({ id: 'b.0', state: 'gone' }), sees: [CUT_OFF] },
      { ...aRow({ id: 'c.0' }), sees: ['a.0'] },
    ];
    expect(cutOffProbers(cutOffs, rows, NOW_MS)).toBe(3);
    expect(cutOffProbers(new Map(), [], NOW_MS)).toBe(0);
  });
});
