import { alternateFields, answerFields } from '../core/assign/answer-fields.ts';
import type { ForwardFault } from '../core/metrics/counts.ts';
import type { Clock, Verify } from '../core/ports.ts';
import type { Placement } from '../core/registry/row.ts';
import { bytesToHex } from '../core/text.ts';
import { toBase64Url } from '../core/ticket/base64url.ts';
import type { Claims } from '../core/ticket/claims.ts';
import { decodeTicket } from '../core/ticket/decode.ts';
import { verifyDecoded } from '../core/ticket/verify.ts';
import { addressFamily, formatAddress, fromWireAddress } from '../core/wire/address.ts';
import { encodeResponse } from '../core/wire/encode-response.ts';
import { type ExtendedRequest, FORWARD, type Forward, type KeepaliveTiming } from '../core/wire/packet.ts';
import type { ClientHook } from './client-hook.ts';
import type { Counters } from './counters.ts';
import type { Entry } from './entry.ts';
import { NonceWindow } from './nonce-window.ts';
import type { PlaceBook } from './place-book.ts';

export interface ForwardDeskOptions {
  /** The deployment's packet type and name. */
  readonly type: number;
  readonly iss: string;
  readonly keepalive: KeepaliveTiming;
  /** Undefined until the registrar has found the server. */
  readonly placement: () => Placement | undefined;
  readonly isAlive: () => boolean;
  readonly verify: Verify;
  readonly clock: Clock;
  /** The signature under `claims` was checked. */
  readonly enter: (claims: Claims, shown: string | undefined) => Entry | Promise<Entry>;
  /** False: more signatures were shown this second than are looked at. */
  readonly mayCheck: () => boolean;
  /** Where a ticket's alternates are; absent: they are left out of answers. */
  readonly places?: PlaceBook;
  /** Sends from the probe port, the one place from which a client takes a direct answer. */
  readonly send: (bytes: Uint8Array, address: string, port: number) => void;
  /** The operator's command for clients that are coming. */
  readonly hook?: ClientHook | undefined;
  readonly counters: Counters;
}

/** What is needed to follow a forward. */
interface Checked {
  readonly server: Placement;
  readonly ticket: string;
  readonly claims: Claims;
}

/** A door hands on in the second in which it signs; the rest is what clocks may differ. */
const MAX_AGE_SECONDS = 60;
/** As long as a forward is taken for new: its age, and what the door's clock may be ahead (core/ticket/verify.ts). */
const REMEMBER_MS = 1_000 * (MAX_AGE_SECONDS + 5);
/** Forwards in that time; there can be no more than doors have seats to give. */
const MAX_NONCES = 16_384;
/** Too short for any packet, so whoever gets it drops it; the way back is open from then on. */
const PUNCH = new Uint8Array(1);

/**
 * Clients that a door announces (docs/PROTOCOL.md, "Forward"). At most one datagram goes out for each forward, never
 * longer than the client's own request was, and none for a forward that is forged, old or seen before: so nobody can use
 * an agent to send anything to anybody.
 */
export class ForwardDesk {
  readonly #options: ForwardDeskOptions;
  readonly #seen = new NonceWindow(REMEMBER_MS, MAX_NONCES);

  constructor(options: ForwardDeskOptions) {
    this.#options = options;
  }

  /** Never throws; what is not followed is counted by its reason. */
  take(request: ExtendedRequest, forward: Forward): void {
    const { counters, isAlive } = this.#options;
    const checked = this.#check(request, forward);
    // The door answers the client's repeat; nobody should be asked in to a dead game.
    const fault = typeof checked === 'string' ? checked : isAlive() ? undefined : 'game-dead';
    if (fault !== undefined) counters.count(`forward.${fault}`);
    if (fault !== undefined || typeof checked === 'string') return;
    const answers = (forward.flags & FORWARD.answer) !== 0;
    if (answers) this.#answer(request, forward, checked);
    if ((forward.flags & FORWARD.note) !== 0) this.#note(request, checked.claims, forward, answers);
  }

  /** What is needed to follow it, or the first check that fails; cheap ones first, so that a flood costs little. */
  #check(request: ExtendedRequest, forward: Forward): Checked | ForwardFault {
    const { placement, verify, iss, clock, mayCheck } = this.#options;
    const { ticket, pick, nonce } = request;
    const server = placement();
    if (!server) return 'not-verified';
    if (pick !== server.id) return 'wrong-server';
    const decoded = ticket === undefined ? undefined : decodeTicket(ticket);
    if (ticket === undefined || !decoded?.ok) return 'no-ticket';
    if (!mayCheck()) return 'busy';
    // The key that signed the ticket signs the forward. The two cannot be taken for each other: a ticket's text begins
    // with a letter, a packet with its Length.
    const genuine = verify(decoded.kid, forward.signed, forward.signature);
    if (genuine === undefined) return 'unknown-key';
    if (!genuine) return 'forged';
    const wallMs = clock.wallMs();
    const checked = verifyDecoded(decoded, { verify, iss, aud: server.id, wallMs });
    if (!checked.ok) return checked.code;
    if (wallMs / 1_000 - checked.claims.iat > MAX_AGE_SECONDS) return 'old';
    return this.#seen.take(bytesToHex(nonce), clock.monoMs()) ?? { server, ticket, claims: checked.claims };
  }

  #answer(request: ExtendedRequest, { address, port, room }: Forward, { server, ticket, claims }: Checked): void {
    const { type, keepalive, places, send, counters } = this.#options;
    const family = addressFamily(request.address);
    const alternates = alternateFields(places?.(claims.alt ?? []) ?? [], family);
    const fields = answerFields(server, family, { ticket, keepalive, alternates });
    const encoded = encodeResponse({ ...fields, nonce: request.nonce }, { maxBytes: room, type });
    const isGood = encoded.ok && port !== 0;
    counters.count(isGood ? 'answered.forward' : 'forward.no-room');
    if (isGood) send(encoded.bytes, formatAddress(fromWireAddress(address)), port);
  }

  #note(request: ExtendedRequest, claims: Claims, { address, port }: Forward, isAnswered: boolean): void {
    const { enter, send, hook, counters } = this.#options;
    const client = formatAddress(fromWireAddress(address));
    counters.count('noted');
    const entry = enter(claims, request.client && toBase64Url(request.client));
    // Refused (full, draining): the client itself is told when it comes.
    if (entry instanceof Promise) entry.catch(() => counters.count('forward.failed'));
    // An answer opens the way as well.
    if (port !== 0 && !isAnswered) {
      counters.count('punched');
      send(PUNCH, client, port);
    }
    hook?.(client, port);
  }
}
