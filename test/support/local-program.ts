import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LocalEvent } from '../../local/events.ts';
import { freePorts } from './free-ports.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface LocalProgram {
  /** `127.x.y.1:port` */
  readonly door: string;
  /** `127.x.y.`: how the addresses of the door and of all servers begin. */
  readonly network: string;
  /** Base URL. */
  readonly api: string;
  /** Endpoint of its DynamoDB engine. */
  readonly registry: string;
  /** Address of the page for operators, with its token. */
  readonly page: string;
  readonly servers: readonly string[];
  /** Of the launcher. */
  readonly pid: number;
  /** Kills agent and game of a server at once, or freezes them. */
  act(server: string, action: 'crash' | 'freeze' | 'drain'): Promise<void>;
  stop(): Promise<void>;
}

/** Games of all local systems have one port, so each system has addresses of its own. */
function anyNetwork(): string {
  const octet = (): number => 40 + Math.floor(Math.random() * 200);
  return `127.${octet()}.${octet()}.`;
}

/** Flags that give a local system addresses and ports of its own. */
export async function ownPlace(): Promise<{ readonly network: string; readonly flags: readonly string[] }> {
  const network = anyNetwork();
  const [http, probe, registry] = [await freePorts(2), await freePorts(1), await freePorts(1)];
  const ports = ['--http-port', String(http), '--probe-port', String(probe), '--registry-port', String(registry)];
  return { network, flags: ['--bind', `${network}1`, ...ports] };
}

/** `npm start`, by default without a crowd, on ports and addresses of its own; resolves when all servers are open. */
export async function startLocal(servers: number, crowd = 0): Promise<LocalProgram> {
  const { network, flags: place } = await ownPlace();
  const flags = ['--json', '--crowd', String(crowd), '--servers', String(servers), ...place];
  const child = spawn(process.execPath, [join(ROOT, 'local/main.ts'), ...flags], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
  };
  const ready = await new Promise<Extract<LocalEvent, { event: 'ready' }>>((resolve, reject) => {
    lines.on('line', (line) => {
      const event = JSON.parse(line) as LocalEvent;
      if (event.event === 'ready') resolve(event);
    });
    exited.then(() => reject(new Error('the local system has ended')));
  });
  return {
    door: ready.door,
    network,
    api: ready.api,
    page: ready.page,
    registry: ready.registry,
    servers: ready.servers,
    pid: child.pid!,
    async act(server, action) {
      const { status } = await fetch(`${ready.api}/local/servers/${server}/${action}`, { method: 'POST' });
      if (status !== 202) throw new Error(`${action} of ${server}: ${status}`);
    },
    stop,
  };
}
