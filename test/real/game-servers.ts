import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { accessSync, chmodSync, constants, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { onTestFinished } from 'vitest';
import { freePorts } from '../support/free-ports.ts';
import { plantTree } from '../support/temp-tree.ts';

export interface RealServer {
  readonly address: string;
  readonly port: number;
  kill(): Promise<void>;
}

/** Where Debian's packages put the programs of these servers. */
const PROGRAMS = {
  bzfs: '/usr/games/bzfs',
  bzadmin: '/usr/games/bzadmin',
  teeworlds: '/usr/games/teeworlds-server',
  murmurd: '/usr/sbin/murmurd',
} as const;

/** Why a test of these programs cannot run here, undefined if it can. */
export function missing(...names: readonly (keyof typeof PROGRAMS)[]): string | undefined {
  const absent = names.filter((name) => !isProgram(PROGRAMS[name]));
  return absent.length === 0 ? undefined : `there is no ${absent.join(' and no ')} here`;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs a program until it is killed or the test ends. */
function run(program: string, args: readonly string[], cwd = '/'): () => Promise<void> {
  const child = spawn(program, args, { cwd, stdio: ['pipe', 'ignore', 'ignore'] });
  const gone = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  onTestFinished(kill);
  return kill;
}

export async function startBzfs(port?: number): Promise<RealServer> {
  const at = { address: '127.0.0.1', port: port ?? (await freePorts(1)) };
  return { ...at, kill: run(PROGRAMS.bzfs, ['-i', at.address, '-p', String(at.port), '-mp', '10']) };
}

/** A real client without a screen; it watches. */
export function joinBzfs(name: string, { address, port }: RealServer): () => Promise<void> {
  return run(PROGRAMS.bzadmin, ['-ui', 'stdboth', `${name}@${address}:${port}`]);
}

export async function startTeeworlds(): Promise<RealServer> {
  const at = { address: '127.0.0.1', port: await freePorts(1) };
  const settings = `bindaddr ${at.address};sv_port ${at.port};sv_name real;sv_max_clients 8;sv_max_clients_per_ip 8;sv_register 0`;
  return { ...at, kill: run(PROGRAMS.teeworlds, [settings]) };
}

/** The handshake of a 0.7 client: token, connect, then a sign of life now and again. */
export async function joinTeeworlds({ address, port }: RealServer): Promise<void> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  const mine = Buffer.from('join');
  const control = (token: Uint8Array, message: number, rest: Uint8Array): void =>
    socket.send(Buffer.concat([Buffer.from([4, 0, 0]), token, Buffer.from([message]), rest]), port, address);
  const next = async (): Promise<Buffer> => (await once(socket, 'message'))[0] as Buffer;
  control(Buffer.alloc(4, 0xff), 5, Buffer.concat([mine, Buffer.alloc(508)]));
  const theirs = (await next()).subarray(8, 12);
  control(theirs, 1, Buffer.concat([mine, Buffer.alloc(508)]));
  const accepted = await next();
  if (accepted[7] !== 2) throw new Error(`not accepted: ${accepted.toString('hex')}`);
  const timer = setInterval(() => control(theirs, 0, Buffer.alloc(0)), 500);
  onTestFinished(() => clearInterval(timer));
}

export async function startMurmurd(): Promise<RealServer> {
  const at = { address: '127.0.0.1', port: await freePorts(1) };
  const dir = plantTree({});
  chmodSync(dir, 0o777);
  const settings = {
    database: join(dir, 'mumble.sqlite'),
    host: at.address,
    port: at.port,
    users: 13,
    bonjour: 'False',
    ice: '',
    logfile: '',
    allowping: 'true',
  };
  const ini = join(dir, 'mumble.ini');
  writeFileSync(
    ini,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  // It does not run as root.
  const drop = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
  const [program = '', ...args] = [...drop, PROGRAMS.murmurd, '-fg', '-ini', ini];
  return { ...at, kill: run(program, args, dir) };
}

/** Version and Authenticate of the Mumble protocol: enough to be on the server. */
export async function joinMurmurd(name: string, { address, port }: RealServer): Promise<void> {
  const socket = connect({ host: address, port, rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  const message = (type: number, value: Buffer): Buffer => {
    const head = Buffer.alloc(6);
    head.writeUInt16BE(type, 0);
    head.writeUInt32BE(value.length, 2);
    return Buffer.concat([head, value]);
  };
  const version = Buffer.from([0x08, 0x80, 0x86, 0x04]);
  const user = Buffer.concat([Buffer.from([0x0a, name.length]), Buffer.from(name)]);
  socket.write(Buffer.concat([message(0, version), message(2, user)]));
}
