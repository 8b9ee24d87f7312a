import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';

export interface ProcessLock {
  release(): Promise<void>;
}

/**
 * Takes a lock that at most one process of this machine holds, and that the kernel releases when its holder dies,
 * however it dies: a listening socket whose name is made of `subject` (docs/decisions/0003-socket-as-lock.md). Undefined:
 * another process has it.
 *
 * @param subject the real path of what the lock is for, so that two names of one file are one lock
 * @param dir where the socket's file goes on systems that know neither abstract sockets nor named pipes
 */
export async function takeLock(
  subject: string,
  dir: string,
  platform: NodeJS.Platform = process.platform,
): Promise<ProcessLock | undefined> {
  const name = `onedoor-${createHash('sha256').update(subject).digest('hex').slice(0, 40)}`;
  if (platform === 'linux') return await hold(`\0${name}`);
  if (platform === 'win32') return await hold(`\\\\.\\pipe\\${name}`);
  // A file outlives its holder, so a refused connection tells a dead one apart. The name is short for the 104 bytes
  // that such a path may have.
  const path = join(dir, `${name.slice(0, 24)}.lock`);
  const lock = await hold(path);
  if (lock || (await isHeld(path))) return lock;
  rmSync(path, { force: true });
  return await hold(path);
}

function hold(path: string): Promise<ProcessLock | undefined> {
  // Whoever connects only wants to know whether the holder lives.
  const server = createServer((socket) => socket.destroy());
  // The lock must not keep a process alive that has nothing else to do.
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen({ path }, () => resolve({ release: () => closed(server) }));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function isHeld(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
