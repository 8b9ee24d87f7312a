import { isIPv6 } from 'node:net';
import { endianness } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { parseAddress } from '../../core/wire/address.ts';
import type { DatagramCalls } from './system-calls.ts';
import { RECEIVE_BUFFER_BYTES, type UdpOptions } from './udp-endpoint.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_REUSEPORT = 15;
const IPV4_NAME_BYTES = 16;
const IPV6_NAME_BYTES = 28;
const IPV4_AT = 4;
const IPV6_AT = 8;

/** Length of a socket address: struct sockaddr_in or sockaddr_in6. */
export function nameBytesOf(address: string): number {
  return isIPv6(address) ? IPV6_NAME_BYTES : IPV4_NAME_BYTES;
}

/** Makes and binds a datagram socket; throws the system's error as `dgram` does. */
export function bindSocket({ bind, port, reusePort = false }: UdpOptions, calls: DatagramCalls): number {
  const isV6 = isIPv6(bind);
  const fd = calls.socket(isV6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw systemError('socket', calls.errno(), bind, port);
  const set = (name: number, value: number): number =>
    calls.setsockopt(fd, SOL_SOCKET, name, new Uint8Array(Int32Array.of(value).buffer), 4);
  set(SO_RCVBUF, RECEIVE_BUFFER_BYTES);
  if (reusePort) set(SO_REUSEPORT, 1);
  const name = socketName(bind, port);
  if (calls.bind(fd, name, name.length) === 0) return fd;
  const errno = calls.errno();
  calls.close(fd);
  throw systemError('bind', errno, bind, port);
}

function socketName(address: string, port: number): Uint8Array {
  const name = new Uint8Array(nameBytesOf(address));
  const view = new DataView(name.buffer);
  view.setUint16(0, isIPv6(address) ? AF_INET6 : AF_INET, endianness() === 'LE');
  view.setUint16(2, port);
  const bytes = parseAddress(address) as Uint8Array;
  name.set(bytes, bytes.length === 4 ? IPV4_AT : IPV6_AT);
  return name;
}

function systemError(syscall: string, errno: number, address: string, port: number): Error {
  const [code, message] = getSystemErrorMap().get(-errno) ?? [String(errno), 'unknown'];
  const text = `${syscall} ${code} ${address}:${port}: ${message}`;
  return Object.assign(new Error(text), { code, errno: -errno, syscall, address, port });
}
