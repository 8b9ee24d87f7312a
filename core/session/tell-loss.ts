import { encodeRequest } from '../wire/encode-request.ts';
import { NONCE_BYTES } from '../wire/limits.ts';
import { REPORT, WANT } from '../wire/packet.ts';
import { familyOf, ownAddress } from './door-request.ts';
import { familyBehind } from './nat64.ts';
import type { Endpoint, LossReport, SessionShared, Via } from './types.ts';

/**
 * Tells the door that a server was given up, and wants nothing (docs/PROTOCOL.md, "Keepalives and failover"): one datagram
 * without an answer, since what counts is that several clients say so. Where UDP does not pass, over HTTP if there is that.
 */
export function tellLoss(shared: SessionShared, door: Endpoint | undefined, report: LossReport, via: Via): void {
  const { options, push } = shared;
  if (via !== 'udp' || !door) {
    if (options.http) push({ type: 'http-report', report });
    return;
  }
  const channel = shared.nextId();
  const request = {
    address: ownAddress(options.localAddress, familyBehind(door.address)),
    nonce: options.rng.bytes(NONCE_BYTES),
    client: options.client,
    ticket: report.ticket,
    report: REPORT[report.reason],
    want: WANT.noServer,
  };
  const bytes = encodeRequest(request, { ...(options.type !== undefined && { type: options.type }) });
  push({ type: 'open', channel, via: 'udp', family: familyOf(door) });
  push({ type: 'send', channel, to: door, bytes });
  push({ type: 'close', channel });
}
