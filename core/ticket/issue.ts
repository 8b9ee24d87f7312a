import { oncePer } from '../once-per.ts';
import type { Signer } from '../ports.ts';
import { toBase64Url } from './base64url.ts';
import { seatId } from './claims.ts';
import { signPayload } from './encode.ts';

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

/** What all tickets of one server have, as JSON: its id without the quotes, and the members after `seat`. */
const constantOf = oncePer(({ id, app, world: wld, group: grp }: TicketOrder['server']) => ({
  id: JSON.stringify(id).slice(1, -1),
  place: `,${JSON.stringify({ app, wld, grp }).slice(1, -1)}`,
}));

/** Signs the ticket of one seat. `id` is its `jti`, `activateBy` its `exp` in seconds. */
export function issueTicket(
  order: TicketOrder,
  signer: Signer,
): { readonly id: string; readonly ticket: string; readonly activateBy: number } {
  const { server, seat, alternates = [] } = order;
  const id = seatId(server.id, seat.gen, seat.serial);
  const activateBy = Math.floor(seat.expiresWallMs / 1000);
  const { id: aud, place } = constantOf(server);
  const gen = JSON.stringify(seat.gen);
  const jti = `${aud}:${gen.slice(1, -1)}:${seat.serial}`;
  const names = `"iss":${JSON.stringify(order.iss)},"aud":"${aud}","sub":"${toBase64Url(order.client)}","jti":"${jti}"`;
  const numbers = `"iat":${Math.floor(order.wallMs / 1000)},"exp":${activateBy},"gen":${gen},"seat":${seat.serial}`;
  const alt = alternates.length > 0 ? `,"alt":${JSON.stringify(alternates)}` : '';
  // The members of Claims in their order.
  const json = `{${names},${numbers}${place}${alt}}`;
  const ticket = signPayload(json, signer);
  return { id, ticket, activateBy };
}
