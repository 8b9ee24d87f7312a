import { once } from 'node:events';
import { getSystemErrorMap } from 'node:util';
import {
  BATCH,
  createDatagramMemory,
  DATA_BYTES,
  type DatagramMemory,
  receivedLengthWord,
  roomWord,
} from './datagram-memory.ts';
import { bindSocket, nameBytesOf } from './native-socket.ts';
import { NamedSource } from './socket-name.ts';
import type { DatagramCalls } from './system-calls.ts';
import { answerOne, endpointOf, numericSocket, type UdpEndpoint, type UdpOptions } from './udp-endpoint.ts';

const MSG_DONTWAIT = 0x40;
const EAGAIN = 11;
const ENOBUFS = 105;
/** The lengths of classic packets: the handler reads them where they lie and keeps nothing of them. */
const SHORT_BYTES = 20;
/**
 * What may be read at once before the rest of the process has its turn: 1,024 classic packets (some 3 ms), or 64 extended
 * ones, each of which may cost a signature.
 */
const TURN = 1_024;
const LONG_COST = 16;
/** Late answers that go out together; the rest of a turn's go at its end. */
const LATE_BATCH = 32;

/**
 * Binds a UDP port like `openUdp`, and moves datagrams 64 at a time (recvmmsg(2), sendmmsg(2)). Node's event loop still
 * waits for the socket, so that it costs nothing while idle and nobody waits for a timer: `dgram` reads the first
 * datagram of each awakening, and what came with it is read here. A datagram of up to 20 bytes is the handler's until it
 * returns; longer ones are its own.
 */
export async function openBatchedUdp(options: UdpOptions, calls: DatagramCalls): Promise<UdpEndpoint> {
  const fd = bindSocket(options, calls);
  const socket = numericSocket(options.bind);
  const listening = once(socket, 'listening');
  socket.bind({ fd, exclusive: true });
  await listening;
  const { onError = () => {} } = options;
  const endpoint = endpointOf(socket);
  const sendOne = (bytes: Uint8Array, source: { readonly address: string; readonly port: number }): void =>
    endpoint.send(bytes, source.address, source.port);
  const batches = new Batches({ ...options, onError }, calls, { fd, isOpen: endpoint.isOpen, sendOne });
  socket.on('error', onError);
  socket.on('message', (bytes, from) => {
    answerOne({ handler: options.handler, onError }, bytes, from, (answer, to) => {
      if (answer && endpoint.isOpen()) socket.send(answer, to.port, to.address);
    });
    batches.drain();
  });
  return endpoint;
}

interface Owner {
  readonly fd: number;
  isOpen(): boolean;
  /** The way of a single datagram, which waits where the kernel has no room. */
  sendOne(bytes: Uint8Array, source: { readonly address: string; readonly port: number }): void;
}

class Batches {
  private readonly options: Required<Pick<UdpOptions, 'handler' | 'onError'>>;
  private readonly calls: DatagramCalls;
  private readonly owner: Owner;
  private readonly inbox: DatagramMemory;
  private readonly outbox: DatagramMemory;
  /** Views of the inbox, by slot: of classic packets of either family. */
  private readonly shorts: Readonly<Record<number, readonly Uint8Array[]>>;
  private readonly nameWords: number;
  private readonly sources: NamedSource[] = [];
  private turnLeft = TURN;
  private queued = 0;
  private awaited = false;

  constructor(
    options: Required<Pick<UdpOptions, 'handler' | 'onError'>> & UdpOptions,
    calls: DatagramCalls,
    owner: Owner,
  ) {
    this.options = options;
    this.calls = calls;
    this.owner = owner;
    const nameBytes = nameBytesOf(options.bind);
    this.nameWords = nameBytes / 4;
    this.inbox = createDatagramMemory(nameBytes, calls.addressOf);
    this.outbox = createDatagramMemory(nameBytes, calls.addressOf);
    const { bytes, dataAt } = this.inbox;
    const views = (length: number) =>
      Array.from({ length: BATCH }, (_, slot) => bytes.subarray(dataAt(slot), dataAt(slot) + length));
    this.shorts = { 8: views(8), 20: views(SHORT_BYTES) };
  }

  /** Reads and answers what waits, up to what a turn of the event loop may cost. */
  drain(): void {
    const { owner, calls, inbox } = this;
    while (this.turnLeft > 0 && owner.isOpen()) {
      const count = calls.recvmmsg(owner.fd, inbox.headers, BATCH, MSG_DONTWAIT, null);
      for (let slot = 0; slot < count; slot++) this.receive(slot);
      this.flush();
      if (count < BATCH) {
        this.turnLeft = TURN;
        return;
      }
    }
    this.awaitEndOfTurn();
  }

  private receive(slot: number): void {
    const { inbox, options, nameWords } = this;
    const { words, bytes } = inbox;
    const length = words[receivedLengthWord(slot)]!;
    const source = new NamedSource(words, inbox.nameAt(slot), nameWords);
    if (source.port === 0) return;
    const at = inbox.dataAt(slot);
    const isLong = length > SHORT_BYTES;
    this.turnLeft -= isLong ? LONG_COST : 1;
    const packet = this.shorts[length]?.[slot] ?? bytes.slice(at, at + Math.min(length, DATA_BYTES));
    try {
      const result = options.handler(packet, source);
      if (result instanceof Promise) result.then((late) => this.answerLate(late, source)).catch(options.onError);
      else if (result) this.queue(result, source);
    } catch (error) {
      options.onError(error as Error);
    }
  }

  private answerLate(answer: Uint8Array | undefined, source: NamedSource): void {
    if (!answer || !this.owner.isOpen()) return;
    this.queue(answer, source);
    if (this.queued >= LATE_BATCH) this.flush();
    else this.awaitEndOfTurn();
  }

  private awaitEndOfTurn(): void {
    if (this.awaited) return;
    this.awaited = true;
    setImmediate(() => {
      this.awaited = false;
      this.turnLeft = TURN;
      this.flush();
    });
  }

  private queue(answer: Uint8Array, source: NamedSource): void {
    const { outbox } = this;
    if (answer.length > DATA_BYTES) {
      this.owner.sendOne(answer, source);
      return;
    }
    if (this.queued === BATCH) this.flush();
    const slot = this.queued++;
    const { words, bytes } = outbox;
    source.writeTo(words, outbox.nameAt(slot));
    const at = outbox.dataAt(slot);
    if (answer.length > SHORT_BYTES) bytes.set(answer, at);
    else for (let index = 0; index < answer.length; index++) bytes[at + index] = answer[index]!;
    words[roomWord(slot)] = answer.length;
    this.sources[slot] = source;
  }

  private flush(): void {
    const { calls, owner, outbox, queued } = this;
    this.queued = 0;
    if (!owner.isOpen()) return;
    for (let sent = 0; sent < queued; ) {
      const count = calls.sendmmsg(owner.fd, outbox.headersFrom(sent), queued - sent, MSG_DONTWAIT);
      if (count > 0) {
        sent += count;
        continue;
      }
      const errno = calls.errno();
      if (errno === EAGAIN || errno === ENOBUFS) {
        this.sendSingly(sent, queued);
        return;
      }
      // It is the first one's fault: the others may well go.
      this.options.onError(sendError(errno));
      sent++;
    }
  }

  /** The kernel has no room: what is left waits as single datagrams do. */
  private sendSingly(from: number, to: number): void {
    const { outbox, sources, owner } = this;
    for (let slot = from; slot < to; slot++) {
      const at = outbox.dataAt(slot);
      owner.sendOne(outbox.bytes.slice(at, at + outbox.words[roomWord(slot)]!), sources[slot]!);
    }
  }
}

function sendError(errno: number): Error {
  const [code, message] = getSystemErrorMap().get(-errno) ?? [String(errno), 'unknown'];
  return Object.assign(new Error(`sendmmsg ${code}: ${message}`), { code, errno: -errno, syscall: 'sendmmsg' });
}
