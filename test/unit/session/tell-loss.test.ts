import { describe, expect, it } from 'vitest';
import { tellLoss } from '../../../core/session/tell-loss.ts';
import { WANT } from '../../../core/wire/packet.ts';
import { aShared } from '../../support/session-world.ts';
import { readRequest } from '../../support/sim-servers.ts';

const DOOR = { address: Uint8Array.of(198, 51, 100, 9), port: 7_000 };
const LOSS = { ticket: 'lost', reason: 'silent' } as const;

describe('the word of a loss', () => {
  it('is one datagram to the door, which wants nothing', () => {
    const shared = aShared();
    tellLoss(shared, DOOR, LOSS, 'udp');
    expect(shared.actions.map(({ type }) => type)).toEqual(['open', 'send', 'close']);
    const [, sent] = shared.actions;
    expect(sent).toMatchObject({ to: DOOR });
    expect(readRequest((sent as { bytes: Uint8Array }).bytes)).toMatchObject({
      ...{ ticket: 'lost', report: 1, want: WANT.noServer },
    });
  });

  it('goes over HTTP where UDP does not pass, if there is that', () => {
    const shared = aShared();
    tellLoss(shared, DOOR, LOSS, 'tcp');
    expect(shared.actions).toEqual([]);
    tellLoss({ ...shared, options: { ...shared.options, http: true } }, DOOR, LOSS, 'tcp');
    expect(shared.actions).toEqual([{ type: 'http-report', report: LOSS }]);
  });
});
