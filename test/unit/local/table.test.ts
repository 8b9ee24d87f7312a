import { describe, expect, it } from 'vitest';
import type { ServerRow } from '../../../core/registry/row.ts';
import { renderTable, tableRow } from '../../../local/table.ts';
import { aServer } from '../../support/builders.ts';

const row: ServerRow = {
  key: 'SRV#local:srv-01#0',
  suspect: false,
  placement: aServer({ id: 'srv-01.0', ipv4: '127.0.0.11' }).server,
  seats: { free: 9, issued: 5, beat: 2, gen: 'g', last: '', capacity: 16, state: 'ready', hb: 0, sessions: 4 },
};

describe('the table', () => {
  it('shows sessions of capacity, and as reserved what is neither free nor in use', () => {
    expect(tableRow(row, 1_200)).toMatchObject({
      sessions: 4,
      capacity: 16,
      reserved: 3,
      state: 'ready',
      beatAgeMs: 1_200,
    });
  });

  it('says suspect and enrolled, and leaves out what is not verified', () => {
    expect(tableRow({ ...row, suspect: true }, 0)?.state).toBe('suspect');
    const { seats: _, ...enrolled } = row;
    expect(tableRow(enrolled, 0)?.state).toBe('enrolled');
    const { placement: __, ...unverified } = row;
    expect(tableRow(unverified, 0)).toBeUndefined();
  });

  it('reads as aligned columns, servers in order', () => {
    const first = tableRow(row, 1_200)!;
    const lines = renderTable([{ ...first, id: 'srv-02.0' }, first]);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^server +game +sessions +reserved +state +beat age$/);
    expect(lines[1]).toMatch(/^srv-01\.0 +127\.0\.0\.11:27000 +4\/16 +3 +ready +1\.2 s$/);
    expect(lines[2]).toMatch(/^srv-02\.0/);
  });
});
