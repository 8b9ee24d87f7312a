import type { Signer } from '../ports.ts';
import { toBase64Url } from './base64url.ts';
import { seatId } from './claims.ts';
import { encodeTicket } from './encode.ts';

/** A seat in an assigner's hand, to be proved by a ticket. */
export interface TicketOrder {
  readonly iss: string;
  readonly server: { readonly id: string; readonly app: string; readonly world: string; readonly group: string };
  readonly seat: { readonly gen: string; readonly serial: number; readonly expiresWallMs: number };
  /** 1..32 bytes: becomes `sub`. */
  readonly client: Uint8Array;
  readonly wallMs: number;
  /** Ids of at most two servers that may admit the client when this one is lost; none: no claim. */
  readonly alternates?: readonly string[];
}

/** Signs the ticket of one seat. `id` is its `jti`, `activateBy` its `exp` in seconds. */
export function issueTicket(
  order: TicketOrder,
  signer: Signer,
): { readonly id: string; readonly ticket: string; readonly activateBy: number } {
  const { server, seat, alternates = [] } = order;
  const id = seatId(server.id, seat.gen, seat.serial);
  const activateBy = Math.floor(seat.expiresWallMs / 1000);
  const ticket = encodeTicket(
    {
      iss: order.iss,
      aud: server.id,
      sub: toBase64Url(order.client),
      jti: id,
      iat: Math.floor(order.wallMs / 1000),
      exp: activateBy,
      gen: seat.gen,
      seat: seat.serial,
      app: server.app,
      wld: server.world,
      grp: server.group,
      ...(alternates.length > 0 && { alt: alternates }),
    },
    signer,
  );
  return { id, ticket, activateBy };
}
