import type { Clock, PacketSource, Rng } from '../core/ports.ts';
import type { Placement } from '../core/registry/row.ts';
import { bytesToHex } from '../core/text.ts';
import { fromWireAddress, isZeroAddress, parseAddress, toWireAddress } from '../core/wire/address.ts';
import { decodePacket } from '../core/wire/decode.ts';
import { encodeRequest } from '../core/wire/encode-request.ts';
import { NONCE_BYTES } from '../core/wire/limits.ts';
import type { ExtendedResponse } from '../core/wire/packet.ts';

/**
 * What the owner of a request says: its answer; `silent`, or that it does not take this client; `unasked`, since too many
 * questions are under way, or there is no way to it.
 */
export type OwnerAnswer = ExtendedResponse | 'silent' | 'unasked';

export interface OwnerLinkOptions {
  readonly send: (bytes: Uint8Array, address: string, port: number) => void;
  /** Whether this machine can send to addresses of that family. */
  readonly hasFamily: (family: 4 | 6) => boolean;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly rng: Rng;
  readonly type: number;
}

/** Room for the longest answer: id, eight ports, the other address, the timing. */
const ASK_BYTES = 128;
/** Questions under way at the same time. */
const MAX_PENDING = 1_024;
/** Both tries together are shorter than a client's patience. */
const TRY_MS = 150;
const TRIES = 2;
/** A server that was silent is not asked again for this long, and its clients go to the next one at once. */
const QUIET_MS = 2_000;
const MAX_QUIET = 1_024;

interface Pending {
  readonly server: Placement;
  readonly address: string;
  readonly port: number;
  readonly done: (answer: OwnerAnswer) => void;
}

/**
 * Hands a request to the agent of the server that it belongs to, as a keepalive: that is answered only while the game
 * lives, by whoever it reaches, to whoever asked, and is never handed on. So there is nothing to forge and no loop.
 */
export class OwnerLink {
  readonly #options: OwnerLinkOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #quietUntilMs = new Map<string, number>();

  constructor(options: OwnerLinkOptions) {
    this.#options = options;
  }

  async ask(server: Placement, family: 4 | 6): Promise<OwnerAnswer> {
    const { clock, rng, type, hasFamily, send } = this.#options;
    if ((this.#quietUntilMs.get(server.id) ?? 0) > clock.monoMs()) return 'silent';
    const port = server.ports['probe'];
    const address = hasFamily(4) && server.ipv4 !== undefined ? server.ipv4 : hasFamily(6) ? server.ipv6 : undefined;
    if (port === undefined || address === undefined || this.#pending.size >= MAX_PENDING) return 'unasked';
    const nonce = rng.bytes(NONCE_BYTES);
    const bytes = encodeRequest({ address: ANY[family], nonce }, { padTo: ASK_BYTES, type });
    const key = bytesToHex(nonce);
    const answer = await new Promise<OwnerAnswer>((resolve) => {
      let tries = 0;
      const next = (): void => {
        if (tries++ < TRIES) {
          timer = setTimeout(next, TRY_MS);
          send(bytes, address, port);
        } else done('silent');
      };
      let timer: NodeJS.Timeout | undefined;
      const done = (what: OwnerAnswer): void => {
        clearTimeout(timer);
        this.#pending.delete(key);
        resolve(what);
      };
      this.#pending.set(key, { server, address, port, done });
      next();
    });
    this.#remember(server.id, answer);
    return answer;
  }

  /** What arrived at the socket that `send` sends from. */
  readonly hear = (bytes: Uint8Array, source: PacketSource): undefined => {
    const response = readAnswer(bytes, this.#options.type);
    const pending = response && this.#pending.get(bytesToHex(response.nonce));
    if (!pending || pending.port !== source.port || pending.address !== source.address) return;
    // The packet is the socket's; its answer outlives it.
    pending.done(answerOf(response, pending.server) ?? 'silent');
  };

  #remember(id: string, answer: OwnerAnswer): void {
    this.#quietUntilMs.delete(id);
    if (answer !== 'silent') return;
    if (this.#quietUntilMs.size >= MAX_QUIET) this.#quietUntilMs.clear();
    this.#quietUntilMs.set(id, this.#options.clock.monoMs() + QUIET_MS);
  }
}

const ANY = { 4: toWireAddress(new Uint8Array(4)), 6: new Uint8Array(16) } as const;

/** An extended response in bytes of its own. */
export function readAnswer(bytes: Uint8Array, type: number): ExtendedResponse | undefined {
  const decoded = decodePacket(bytes.slice(), { expect: 'response', type });
  return decoded.ok && decoded.packet.kind === 'extended' ? decoded.packet : undefined;
}

/** The answer of `server` itself, if it takes the client: not an error, not one that is moving its clients away. */
export function answerOf(response: ExtendedResponse, server: Placement): ExtendedResponse | undefined {
  const { address, error, movingMs } = response;
  if (error !== undefined || movingMs !== undefined || isZeroAddress(address)) return undefined;
  const own = [server.ipv4, server.ipv6].map((text) => text !== undefined && parseAddress(text));
  const named = fromWireAddress(address);
  const isItself = own.some(
    (bytes) => bytes && bytes.length === named.length && bytes.every((byte, n) => byte === named[n]),
  );
  return isItself && (response.server ?? server.id) === server.id ? response : undefined;
}
