import type { Assignment } from '../core/assign/types.ts';
import type { PacketSource, Signer } from '../core/ports.ts';
import { addressFamily, parseAddress, toWireAddress } from '../core/wire/address.ts';
import { encodeForward } from '../core/wire/encode-request.ts';
import { type ExtendedRequest, FORWARD, WANT } from '../core/wire/packet.ts';
import type { Counters } from './counters.ts';

/**
 * Tells the assigned server of its client before the client comes (docs/PROTOCOL.md, "Forward"). Classic requests are
 * never handed on: they take no seat, and a signature would cost more than the whole answer.
 */
export interface Forwarder {
  /** True: the server answers this client, so the door is silent. */
  handOn(request: ExtendedRequest, source: PacketSource, assignment: Assignment): boolean;
}

/** Sends one datagram from a port that is none of the deployment's probe ports. */
export type SendForward = (bytes: Uint8Array, address: string, port: number) => void;

const UDP = 17;

export function createForwarder(deps: {
  /** Who answers clients that came by UDP and can be answered by their server. */
  readonly answers: 'door' | 'server';
  /** Tell the server of every client. */
  readonly notify: boolean;
  /** The key of the tickets: an agent knows it as the one that signed the ticket inside. */
  readonly signer: Signer;
  readonly send: SendForward;
  readonly type: number;
  readonly counters: Counters;
}): Forwarder {
  const { signer, send, type, counters } = deps;

  /** A NAT lets in only what fits the flow: the same family, from an address that the client is told. */
  const canAnswer = (request: ExtendedRequest, source: PacketSource, client: Uint8Array, own?: string): boolean =>
    source.protocol === UDP &&
    own !== undefined &&
    ((request.want ?? 0) & WANT.noDirectAnswer) === 0 &&
    addressFamily(request.address) === (client.length === 4 ? 4 : 6);

  return {
    handOn(request, source, { server, ticket }) {
      const client = parseAddress(source.address);
      const port = server.ports['probe'];
      if (!client || port === undefined) return false;
      const [own, other] = client.length === 4 ? [server.ipv4, server.ipv6] : [server.ipv6, server.ipv4];
      const to = own ?? other;
      const answer = deps.answers === 'server' && canAnswer(request, source, client, own);
      const flags = (answer ? FORWARD.answer : 0) | (deps.notify ? FORWARD.note : 0);
      if (flags === 0 || to === undefined) return false;
      const { address, nonce, app, world, group } = request;
      const { packet, signed } = encodeForward(
        // What else the client said concerns the door alone, and might not fit beside the new ticket.
        { address, nonce, app, world, group, client: request.client, ticket, pick: server.id },
        {
          address: toWireAddress(client),
          // By TCP there is no port that a datagram could be sent to.
          port: source.protocol === UDP ? source.port : 0,
          flags,
          room: request.length,
        },
        { type },
      );
      packet.set(signer.sign(signed), signed.length);
      send(packet, to, port);
      counters.count(answer ? 'forwarded' : 'noted');
      return answer;
    },
  };
}
