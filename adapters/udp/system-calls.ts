import { createRequire } from 'node:module';

/** The few system calls on datagrams that Node does not have, as plain functions. */
export interface DatagramCalls {
  /** A socket's number; -1 if there is none. */
  socket(family: number, type: number, protocol: number): number;
  bind(socket: number, address: Uint8Array, bytes: number): number;
  setsockopt(socket: number, level: number, name: number, value: Uint8Array, bytes: number): number;
  close(socket: number): number;
  /** Datagrams received into `headers` (struct mmsghdr); -1: none, or a fault. */
  recvmmsg(socket: number, headers: Uint8Array, count: number, flags: number, timeout: null): number;
  /** Datagrams sent from `headers`; -1: not even the first. */
  sendmmsg(socket: number, headers: Uint8Array, count: number, flags: number): number;
  /** Error number of the last call that failed. */
  errno(): number;
  /** Where the bytes are: they stay there as long as `memory` is referred to. */
  addressOf(memory: Uint8Array): bigint;
}

/** What of koffi's interface is used here. */
interface Ffi {
  load(library: string): { func(declaration: string): (...args: unknown[]) => unknown };
  address(memory: Uint8Array): bigint;
  errno(): number;
}

const DECLARATIONS = {
  socket: 'int socket(int, int, int)',
  bind: 'int bind(int, void *, int)',
  setsockopt: 'int setsockopt(int, int, int, void *, int)',
  close: 'int close(int)',
  recvmmsg: 'int recvmmsg(int, void *, uint, int, void *)',
  sendmmsg: 'int sendmmsg(int, void *, uint, int)',
} as const;

/** Little-endian machines of 64 bits: the layout of `datagram-memory.ts` is theirs. */
const ARCHITECTURES: readonly string[] = ['x64', 'arm64'];

/**
 * Loads the calls through a foreign function interface if one is there: `koffi.node` beside the program, as on a
 * deployment's gateways, or the optional package of this machine (docs/DEPENDENCIES.md). Otherwise the reason why not.
 */
export function loadDatagramCalls(from = import.meta.url): DatagramCalls | string {
  const { platform, arch } = process;
  if (platform !== 'linux' || !ARCHITECTURES.includes(arch)) return `there are no batched calls on ${platform} ${arch}`;
  const ffi = firstOf(createRequire(from), ['./koffi.node', `@koromix/koffi-linux-${arch}`]);
  if (!ffi) return 'neither koffi.node nor its package is there';
  try {
    const library = ffi.load('libc.so.6');
    const calls = Object.entries(DECLARATIONS).map(([name, declaration]) => [name, library.func(declaration)]);
    return { ...Object.fromEntries(calls), errno: () => ffi.errno(), addressOf: (memory) => ffi.address(memory) };
  } catch (error) {
    return (error as Error).message;
  }
}

function firstOf(require: NodeJS.Require, names: readonly string[]): Ffi | undefined {
  for (const name of names) {
    try {
      return require(name) as Ffi;
    } catch {
      // Not there, or of another C library: the next one.
    }
  }
  return undefined;
}
