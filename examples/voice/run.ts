/**
 * A voice pool: the door, and two unmodified Mumble servers (Debian's `mumble-server`) with an agent each.
 *
 *   npm run example:voice                                    in one terminal
 *   node examples/voice/room.ts 127.0.0.1:7000 lounge ann    in others: everybody of a room gets the same server
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Deployment, startDeployment, untilStopped } from '../on-this-machine.ts';

export interface VoicePool {
  readonly deployment: Deployment;
  readonly servers: readonly { readonly id: string; readonly address: string; kill(): void }[];
  stop(): Promise<void>;
}

const SERVERS = 2;
/** Not the usual one: there the package's own service may listen. */
const PORT = 64_838;
const USERS = 25;

/** @param program path of the Mumble server */
export async function startVoicePool(argv: readonly string[], program: string): Promise<VoicePool> {
  const deployment = await startDeployment('mumble', argv);
  const servers = Array.from({ length: SERVERS }, (_, index) => {
    const place = deployment.place(`voice-${index + 1}`, index);
    const server = startMumble(program, join(deployment.workDir, `${place.name}.home`), place.address);
    deployment.startAgent(place, PORT, ['--capacity', `${USERS}`, '--load', 'mumble']);
    return { id: `${place.name}.0`, address: place.address, kill: () => void server.kill('SIGKILL') };
  });
  const stop = async (): Promise<void> => {
    for (const { kill } of servers) kill();
    await deployment.stop();
  };
  try {
    await deployment.open(SERVERS);
  } catch (error) {
    await stop();
    throw error;
  }
  return { deployment, servers, stop };
}

/** It is told nothing of Onedoor: the agent asks it by the ping that every Mumble client sends. */
function startMumble(program: string, home: string, host: string): ChildProcess {
  mkdirSync(home);
  // For nobody, as whom it runs: it refuses to be root.
  chmodSync(home, 0o777);
  chmodSync(dirname(home), 0o711);
  const settings = { host, port: PORT, users: USERS, bonjour: 'False', ice: '', logfile: '', allowping: 'true' };
  const lines = Object.entries({ ...settings, database: join(home, 'mumble.sqlite') }).map(([k, v]) => `${k}=${v}\n`);
  const path = join(home, 'mumble.ini');
  writeFileSync(path, lines.join(''));
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  return spawn(program, ['-fg', '-ini', path], { cwd: home, stdio: 'ignore', ...nobody });
}

if (import.meta.main) {
  const pool = await startVoicePool(process.argv.slice(2), process.env['MUMBLE_SERVER'] ?? '/usr/sbin/murmurd');
  console.log(`
Voice servers: ${pool.servers.map(({ id, address }) => `${id} at ${address}:${PORT}`).join(', ')}
Enter a room:  node examples/voice/room.ts ${pool.deployment.door} lounge ann
The operator's page: ${pool.deployment.page}        Ctrl-C stops everything.
`);
  await untilStopped();
  await pool.stop();
  process.exit(0);
}
