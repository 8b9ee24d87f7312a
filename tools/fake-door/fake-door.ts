import type { Socket } from 'node:dgram';
import type { Socket as TcpSocket } from 'node:net';
import { encodeClassic } from '../../core/wire/classic-packet.ts';
import { decodePacket } from '../../core/wire/decode.ts';
import { encodeResponse } from '../../core/wire/encode-response.ts';
import { MAX_PACKET_BYTES } from '../../core/wire/limits.ts';
import type { ResponseFields } from '../../core/wire/packet.ts';
import { type Closable, listenTcp, listenUdp } from './listen.ts';
import { type Asked, agentAnswer, doorAnswer, grantFields, type Place } from './scripts.ts';
import { isForged, spoil } from './spoil.ts';
import { type FaultTable, readFaultTable, type Way } from './table.ts';
import { createWeb } from './web.ts';

/** Behind the client's first repeat (350 ms), before its second. */
const DELAY_MS = 500;
const SLOW_BYTES = 8;
const SLOW_EVERY_MS = 20;
const NOBODY = new Uint8Array(16);

export interface FakeDoor {
  readonly table: FaultTable;
  /** Port of a fault, or of a server by its id. */
  port(name: string): number;
  /** Packets and HTTP requests that came there. */
  count(name: string): number;
  close(): Promise<void>;
}

/** What answers on one port. */
interface Peer {
  readonly name: string;
  readonly port: number;
  readonly udp: Way;
  readonly tcp: Way;
  /** The right answer, and one that leads to the server where nobody may ever go. */
  answer(asked: Asked): ResponseFields | undefined;
  forge(asked: Asked): ResponseFields;
}

/**
 * Listens on all ports of the table and answers as faults.json says. Keeps nothing about its clients: what it answers is
 * computed from the request alone.
 * @param host numeric address; the servers of the table are there too
 * @throws if a port is taken
 */
export async function startFakeDoor(options: { readonly basePort: number; readonly host?: string }): Promise<FakeDoor> {
  const { basePort, host = '127.0.0.1' } = options;
  const table = readFaultTable();
  const place: Place = { table, host, basePort };
  const ports = new Map([...table.faults.map(({ fault, port }) => [fault, port] as const), ...serverPorts(table)]);
  const counts = new Map<string, number>();
  const open: Closable[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(open.splice(0).map((each) => each.close()));
  };
  const portOf = (name: string): number => {
    const port = ports.get(name);
    if (port === undefined) throw new Error(`faults.json has no fault or server "${name}"`);
    return basePort + port;
  };
  const count = (name: string): void => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  try {
    const elsewhere = await listenUdp(host, 0, () => {});
    open.push(elsewhere);
    open.push(
      await listenUdp(host, basePort + table.gamePort, (bytes, from, udp) => udp.send(bytes, from.port, from.address)),
    );
    for (const peer of peersOf(place)) {
      const web = table.faults.find(({ fault }) => fault === peer.name);
      const http = web && createWeb(place, web, () => count(peer.name));
      open.push(
        await listenUdp(host, peer.port, (bytes, from, udp) => {
          count(peer.name);
          answerUdp(peer, bytes, from, udp, elsewhere.socket);
        }),
        await listenTcp(
          host,
          peer.port,
          (bytes, connection) => {
            count(peer.name);
            answerTcp(peer, bytes, connection);
          },
          http,
        ),
      );
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { table, port: portOf, count: (name) => counts.get(name) ?? 0, close };
}

function serverPorts({ servers }: FaultTable): (readonly [string, number])[] {
  return Object.values(servers).map(({ id, port }) => [id, port] as const);
}

function peersOf(place: Place): Peer[] {
  const { table, basePort } = place;
  const forge = ({ request }: Asked): ResponseFields => grantFields(place, request, 'wrong');
  const doors = table.faults.map(({ fault, port, udp, tcp, answer }) => ({
    name: fault,
    port: basePort + port,
    udp,
    tcp,
    forge,
    answer: (asked: Asked) => doorAnswer(place, answer, asked),
  }));
  const agents = Object.values(table.servers)
    .filter(({ answers }) => answers !== 'nothing-listens')
    .map((server) => ({
      ...{
        name: server.id,
        port: basePort + server.port,
        udp: server.udp ?? 'answer',
        tcp: server.tcp ?? 'answer',
        forge,
      },
      answer: (asked: Asked) => agentAnswer(place, server, asked),
    }));
  return [...doors, ...agents];
}

/** Bytes to answer with; undefined for what cannot be read, and where the script is silent. */
function answerTo(peer: Peer, bytes: Uint8Array, via: 'udp' | 'tcp', sourcePort: number): Uint8Array | undefined {
  const way = peer[via];
  if (way === 'silent') return undefined;
  const decoded = decodePacket(bytes, { expect: 'request' });
  if (!decoded.ok) return undefined;
  if (decoded.packet.kind === 'classic') return classicAnswer(peer, bytes);
  const asked: Asked = { request: decoded.packet, via, sourcePort };
  const fields = isForged(way) ? peer.forge(asked) : peer.answer(asked);
  const encoded = fields && encodeResponse(fields, { maxBytes: via === 'udp' ? bytes.length : MAX_PACKET_BYTES });
  return encoded?.ok ? spoil(way, encoded.bytes, bytes) : undefined;
}

/** The server's address to a classic request, or zeroes where an extended one gets an error. */
function classicAnswer(peer: Peer, bytes: Uint8Array): Uint8Array {
  const size = bytes.length - 4;
  const asked = {
    kind: 'extended',
    role: 'request',
    length: bytes.length,
    address: NOBODY,
    nonce: new Uint8Array(8),
  } as const;
  const fields = peer.answer({ request: asked, via: 'udp', sourcePort: 0 });
  return encodeClassic((fields?.address ?? NOBODY).slice(16 - size));
}

function answerUdp(
  peer: Peer,
  bytes: Uint8Array,
  from: { readonly port: number; readonly address: string },
  udp: Socket,
  elsewhere: Socket,
): void {
  const answer = answerTo(peer, bytes, 'udp', from.port);
  if (!answer) return;
  const send = (): void => (peer.udp === 'elsewhere' ? elsewhere : udp).send(answer, from.port, from.address, () => {});
  if (peer.udp === 'delay') setTimeout(send, DELAY_MS).unref();
  else send();
  if (peer.udp === 'twice') send();
}

function answerTcp(peer: Peer, bytes: Uint8Array, connection: TcpSocket): void {
  if (peer.tcp === 'close') {
    connection.destroy();
    return;
  }
  const answer = answerTo(peer, bytes, 'tcp', connection.remotePort ?? 0);
  if (!answer) return;
  if (peer.tcp === 'slow') drip(answer, connection);
  else connection.write(peer.tcp === 'stalled' ? answer.subarray(0, answer.length / 2) : answer);
}

/** A few bytes at a time. */
function drip(answer: Uint8Array, connection: TcpSocket): void {
  connection.setNoDelay(true);
  let at = 0;
  const timer = setInterval(() => {
    connection.write(answer.subarray(at, at + SLOW_BYTES));
    at += SLOW_BYTES;
    if (at >= answer.length) clearInterval(timer);
  }, SLOW_EVERY_MS);
  connection.on('close', () => clearInterval(timer));
}
