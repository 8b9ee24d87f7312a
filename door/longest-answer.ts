import type { Signer } from '../core/ports.ts';
import type { RosterView } from '../core/registry/roster.ts';
import type { Placement } from '../core/registry/row.ts';
import { issueTicket } from '../core/ticket/issue.ts';
import { responseLength } from '../core/wire/encode-response.ts';
import { MAX_ALTERNATES, MAX_CLIENT_BYTES, NONCE_BYTES, SIGNATURE_BYTES } from '../core/wire/limits.ts';
import type { KeepaliveTiming } from '../core/wire/packet.ts';
import { namedPorts } from '../core/wire/server-port.ts';

/**
 * Length of the longest assignment, without what may be left out, that the roster of now can lead to: what a request
 * must have over UDP before a seat is taken for it (docs/PROTOCOL.md, "No amplification").
 */
export function createLongestAnswer(deps: {
  readonly iss: string;
  readonly kid: string;
  readonly keepalive: KeepaliveTiming;
}): (view: RosterView) => number {
  const unsigned: Signer = { kid: deps.kid, sign: () => new Uint8Array(SIGNATURE_BYTES) };
  const seat = { gen: 'f'.repeat(16), serial: Number.MAX_SAFE_INTEGER, expiresWallMs: 9_999_999_999_000 };
  const client = new Uint8Array(MAX_CLIENT_BYTES);

  const lengthFor = (server: Placement, alternates: readonly string[]): number => {
    const order = { iss: deps.iss, server, seat, client, wallMs: seat.expiresWallMs, alternates };
    const { ticket } = issueTicket(order, unsigned);
    return responseLength({
      address: new Uint8Array(16),
      nonce: new Uint8Array(NONCE_BYTES),
      ticket,
      server: server.id,
      ports: namedPorts(server.ports),
      keepalive: deps.keepalive,
    });
  };

  let known: { readonly entries: RosterView['entries']; readonly length: number } | undefined;
  return ({ entries }) => {
    if (known?.entries !== entries) known = { entries, length: longest(entries, lengthFor) };
    return known.length;
  };
}

/** Measures one server of each shape only: texts of the same lengths give the same answer. */
function longest(
  entries: RosterView['entries'],
  lengthFor: (server: Placement, alternates: readonly string[]) => number,
): number {
  const shapes = new Map<string, Placement>();
  for (const { server } of entries) {
    const { id, app, world, group, ports } = server;
    shapes.set(`${id.length} ${app} ${world} ${group} ${Object.keys(ports).length}`, server);
  }
  // The ticket names its alternates, whether the answer has room for their addresses or not.
  const alternates = entries.map(({ server }) => server.id);
  alternates.sort((a, b) => b.length - a.length);
  const named = alternates.slice(0, Math.min(MAX_ALTERNATES, entries.length - 1));
  return Math.max(0, ...[...shapes.values()].map((server) => lengthFor(server, named)));
}
