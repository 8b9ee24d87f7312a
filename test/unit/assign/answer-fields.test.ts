import { describe, expect, it } from 'vitest';
import { alternateFields } from '../../../core/assign/answer-fields.ts';
import { toWireAddress } from '../../../core/wire/address.ts';
import { aServer } from '../../support/builders.ts';

describe('alternates in an answer', () => {
  it('are where the ticket says, in its order, by the family that was asked for', () => {
    const both = aServer({ ipv4: '203.0.113.7', ipv6: '2001:db8::7', ports: { game: 1, probe: 2 } }).server;
    const onlyFour = aServer({ ipv4: '203.0.113.8', ports: { game: 3, probe: 4 } }).server;
    const address = toWireAddress(Uint8Array.of(203, 0, 113, 8));
    expect(alternateFields([onlyFour, both], 4).map(({ probePort }) => probePort)).toEqual([4, 2]);
    expect(alternateFields([onlyFour], 4)).toEqual([{ address, gamePort: 3, probePort: 4 }]);
    expect(alternateFields([onlyFour, both], 6).map(({ gamePort }) => gamePort)).toEqual([1]);
    expect(alternateFields([aServer({ ports: { game: 3 } }).server], 4)).toEqual([]);
  });
});
