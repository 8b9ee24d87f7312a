import { alternateFields, answerFields, errorFields } from '../core/assign/answer-fields.ts';
import type { Assigner } from '../core/assign/assigner.ts';
import type { Assignment, AssignOutcome } from '../core/assign/types.ts';
import { type Refusal, refuse } from '../core/errors.ts';
import type { Clock, PacketSource } from '../core/ports.ts';
import type { PageRequest } from '../core/roster/roster-pages.ts';
import type { SourceLimit } from '../core/source-limit.ts';
import { bytesToHex } from '../core/text.ts';
import { addressFamily, parseAddress } from '../core/wire/address.ts';
import { encodeResponse } from '../core/wire/encode-response.ts';
import { MAX_PACKET_BYTES } from '../core/wire/limits.ts';
import { type ExtendedRequest, type KeepaliveTiming, type ResponseFields, WANT } from '../core/wire/packet.ts';
import type { RosterPage } from '../core/wire/roster-page.ts';
import type { AnswerTable } from './answer-table.ts';
import type { Cookies } from './cookies.ts';
import type { Counters } from './counters.ts';
import type { Forwarder } from './forward.ts';
import type { Quiet } from './quiet.ts';
import type { TakeReport } from './reports.ts';

export interface ExtendedDeps {
  readonly assigner: Pick<Assigner, 'assign'>;
  readonly answers: AnswerTable;
  readonly cookies: Cookies;
  readonly quiet: Quiet;
  /** Of sources that have shown that they receive. */
  readonly limit: SourceLimit;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly keepalive: KeepaliveTiming;
  readonly type: number;
  /** Length of the longest assignment that the roster of now can lead to. */
  readonly longestAnswer: () => number;
  /** The page of the roster that a request asks for. */
  readonly rosterPage: (request: PageRequest) => RosterPage | Refusal;
  /** Absent where servers are not told of clients before they come. */
  readonly forwarder?: Forwarder | undefined;
  /** Told of clients that could not reach their server. */
  readonly takeReport?: TakeReport | undefined;
}

/** Answers extended requests to the door: a seat with its ticket, a cookie, or an error; silence if nothing fits. */
export type ExtendedResponder = (request: ExtendedRequest, source: PacketSource) => Promise<Uint8Array | undefined>;

const TCP = 6;
const ZERO = new Uint8Array(16);

export function createExtendedResponder(deps: ExtendedDeps): ExtendedResponder {
  const { counters, clock } = deps;

  const encode = (request: ExtendedRequest, source: PacketSource, fields: Omit<ResponseFields, 'nonce'>) =>
    encodeResponse(
      { ...fields, nonce: request.nonce },
      { maxBytes: source.protocol === TCP ? MAX_PACKET_BYTES : request.length, type: deps.type },
    );

  const error = (request: ExtendedRequest, source: PacketSource, refusal: Refusal, cookie?: Uint8Array) => {
    counters.refused(refusal.code);
    const said = { ...errorFields(refusal), cookie };
    const whole = encode(request, source, { ...said, wait: refusal.wait });
    const encoded = whole.ok ? whole : encode(request, source, said);
    if (!encoded.ok) counters.count('silent');
    return encoded.ok ? encoded.bytes : undefined;
  };

  const assigned = (request: ExtendedRequest, source: PacketSource, assignment: Assignment) => {
    const { server, ticket, alternates } = assignment;
    const family = addressFamily(request.address);
    const given = { ticket, keepalive: deps.keepalive, alternates: alternateFields(alternates, family) };
    const encoded = encode(request, source, answerFields(server, family, given));
    return encoded.ok ? encoded.bytes : error(request, source, encoded);
  };

  /** What a source gets instead of an answer: a cookie, or a time to wait; undefined if it may have one. */
  const turnedAway = (request: ExtendedRequest, source: PacketSource, address: Uint8Array) => {
    const { cookie } = request;
    const wallMs = clock.wallMs();
    if (source.protocol === TCP || (cookie && deps.cookies.verify(cookie, address, source.port, wallMs))) {
      const retryAfterMs = deps.limit.waitMs(address);
      if (retryAfterMs === 0) return undefined;
      return { answer: error(request, source, refuse('door.rate-limited', { retryAfterMs })) };
    }
    if (deps.quiet.mayServeUnverified()) return undefined;
    counters.count('cookies');
    const issued = deps.cookies.issue(address, source.port, wallMs);
    return { answer: error(request, source, refuse('door.cookie-required'), issued) };
  };

  /** A page of the roster; the lobby is the servers' own. */
  const listed = (request: ExtendedRequest, source: PacketSource, address: Uint8Array) => {
    const away = turnedAway(request, source, address);
    if (away) return away.answer;
    const wantsRoster = ((request.want ?? 0) & WANT.roster) !== 0;
    const rosterPage = wantsRoster ? deps.rosterPage(request) : refuse('assign.unavailable');
    if ('code' in rosterPage) return error(request, source, rosterPage);
    counters.count('roster');
    const encoded = encode(request, source, { address: ZERO, rosterPage });
    return encoded.ok ? encoded.bytes : error(request, source, encoded);
  };

  /** A client that has a server again says what became of the last one; it waits for nothing. */
  const noted = (request: ExtendedRequest, source: PacketSource, address: Uint8Array) => {
    const away = turnedAway(request, source, address);
    if (!away && request.report !== undefined && request.ticket !== undefined) deps.takeReport?.(request.ticket);
    return away?.answer;
  };

  return async (request, source) => {
    counters.count('extended');
    const address = parseAddress(source.address);
    if (!address) return undefined;
    if (((request.want ?? 0) & (WANT.roster | WANT.lobby)) !== 0) return listed(request, source, address);
    if (((request.want ?? 0) & WANT.noServer) !== 0) return noted(request, source, address);
    const key = `${bytesToHex(request.nonce)}${bytesToHex(request.client ?? address)}`;
    const nowMs = clock.monoMs();
    let answer = deps.answers.find(key, nowMs);
    const isRepeat = answer !== undefined;
    if (answer) counters.count('repeated');
    else {
      const away = turnedAway(request, source, address);
      if (away) return away.answer;
      if (source.protocol !== TCP && request.length < deps.longestAnswer()) {
        return error(request, source, refuse('wire.request-too-small'));
      }
      if (request.report !== undefined && request.ticket !== undefined) deps.takeReport?.(request.ticket);
      answer = deps.assigner.assign(assignRequest(request, source, address));
      deps.answers.keep(key, answer, nowMs);
    }
    const outcome: AssignOutcome = await answer;
    if (outcome.ok) {
      counters.count('assigned');
      // Whoever asks again has perhaps been answered by the server, in vain.
      if (!isRepeat && deps.forwarder?.handOn(request, source, outcome)) return undefined;
      return assigned(request, source, outcome);
    }
    deps.answers.drop(key);
    return error(request, source, outcome);
  };
}

function assignRequest(request: ExtendedRequest, source: PacketSource, address: Uint8Array) {
  const { app, world, group, client, pick, wait } = request;
  return {
    ...(app === undefined ? {} : { app }),
    ...(world === undefined ? {} : { world }),
    ...(group === undefined ? {} : { group }),
    // A view into the datagram: the answer outlives it.
    ...(client === undefined ? {} : { client: Uint8Array.from(client) }),
    ...(pick === undefined ? {} : { pick }),
    ...(wait === undefined ? {} : { wait }),
    family: addressFamily(request.address),
    avoid: request.avoid ?? [],
    source: { address, port: source.port, protocol: source.protocol },
  };
}
