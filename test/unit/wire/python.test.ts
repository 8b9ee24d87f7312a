import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeClassic } from '../../../core/wire/classic-packet.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { encodeResponse } from '../../../core/wire/encode-response.ts';
import { createFramer } from '../../../core/wire/framer.ts';
import type { ResponseFields } from '../../../core/wire/packet.ts';
import { VECTORS } from '../../support/wire-vectors.ts';
import { anAssignment, ip, TICKET, wireIp } from './builders.ts';

const PYTHON = join(import.meta.dirname, '../../python');

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Runs a program written from the document alone; gives its lines and exit code. */
async function python(script: string, ...args: string[]): Promise<{ code: number; lines: string[] }> {
  const run = promisify(execFile)('python3', ['-B', join(PYTHON, script), ...args]);
  const {
    code = 0,
    stdout,
    stderr,
  } = (await run.catch((error: unknown) => error)) as {
    code?: number;
    stdout: string;
    stderr: string;
  };
  return { code, lines: (stdout + stderr).trim().split('\n') };
}

/** What a door answers: a fixed server, extended requests by `fields`. */
function answer(bytes: Uint8Array, maxBytes: number, fields: Omit<ResponseFields, 'nonce'>): Uint8Array {
  const decoded = decodePacket(bytes, { expect: 'request' });
  if (!decoded.ok) throw new Error(decoded.reason);
  if (decoded.packet.kind === 'classic')
    return encodeClassic(ip(decoded.packet.family === 4 ? '203.0.113.9' : '2001:db8::9'));
  const encoded = encodeResponse({ ...fields, nonce: decoded.packet.nonce }, { maxBytes });
  if (!encoded.ok) throw new Error(encoded.code);
  return encoded.bytes;
}

async function udpDoor(host: string, fields: Omit<ResponseFields, 'nonce'>): Promise<string[]> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  closers.push(() => socket.close());
  socket.on('message', (bytes, from) => socket.send(answer(bytes, bytes.length, fields), from.port, from.address));
  socket.bind(0, host);
  await once(socket, 'listening');
  return [host, String(socket.address().port)];
}

/** Answers in two parts, so that a client which reads once fails. */
async function tcpDoor(fields: Omit<ResponseFields, 'nonce'>): Promise<string[]> {
  const server = createServer({ noDelay: true }, (connection) => {
    const framer = createFramer();
    connection.on('data', (chunk) => {
      for (const packet of framer.push(chunk).packets) {
        const bytes = answer(packet, 1_200, fields);
        connection.write(bytes.subarray(0, 1));
        connection.write(bytes.subarray(1));
      }
    });
  });
  closers.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return ['127.0.0.1', String((server.address() as AddressInfo).port), '--tcp'];
}

const ASSIGNED = ['server i-0123456789abcdef0.0 ticket', String(TICKET.length), 'bytes'].join(' ');

describe('a client written from docs/PROTOCOL.md alone', () => {
  it('gets its server over UDP', async () => {
    const { lines } = await python(
      'onedoor_probe.py',
      ...(await udpDoor('127.0.0.1', anAssignment())),
      '--app',
      'arena',
    );
    expect(lines).toEqual(['classic 203.0.113.9', 'extended 203.0.113.9', ASSIGNED, 'ports 0:7777 1:7000']);
  });

  it('gets its server over IPv6', async () => {
    const { lines } = await python(
      'onedoor_probe.py',
      ...(await udpDoor('::1', anAssignment({ address: wireIp('2001:db8::9') }))),
    );
    expect(lines.slice(0, 2)).toEqual(['classic 2001:db8::9', 'extended 2001:db8::9']);
  });

  it('gets its server over TCP', async () => {
    const { lines } = await python('onedoor_probe.py', ...(await tcpDoor(anAssignment())));
    expect(lines).toEqual(['classic 203.0.113.9', 'extended 203.0.113.9', ASSIGNED, 'ports 0:7777 1:7000']);
  });

  it('says when there is none', async () => {
    const fields = { address: wireIp('::'), error: { code: 1, retryAfterMs: 5_000, reason: 'full' } };
    const { code, lines } = await python('onedoor_probe.py', ...(await udpDoor('127.0.0.1', fields)));
    expect(code).toBe(1);
    expect(lines.at(-1)).toBe('error 1, again after 5000 ms');
  });
});

describe('the golden vectors', () => {
  it('pass with a reader and writer written from docs/PROTOCOL.md alone', async () => {
    const { code, lines } = await python('check_vectors.py');
    expect({ code, lines }).toMatchObject({ code: 0, lines: [expect.stringContaining('"failures": 0')] });
  });

  it('do not pass when one of them is changed', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'onedoor-vectors-'));
    closers.push(() => rmSync(copy, { recursive: true }));
    cpSync(VECTORS, copy, { recursive: true });
    const file = join(copy, 'malformed.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"too-many-options"', '"option-repeated"'));
    const { code, lines } = await python('check_vectors.py', copy);
    expect(code).toBe(1);
    expect(lines[0]).toContain('"failures": 1');
  });
});
