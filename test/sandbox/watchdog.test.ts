import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../support/program.ts';

const WATCHDOG = join(import.meta.dirname, '../../adapters/system/watchdog.ts');

/**
 * As systemd does it for `Restart=always`, `WatchdogSec=` and `NotifyAccess=all`: a datagram socket for the signs; a
 * service that sends none for that long is killed, and whatever ended is started again. Writes what happens, one line each.
 */
const MANAGER = `
import os, signal, socket, subprocess, sys, time
path, seconds, command = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
signs = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
signs.bind(path)
signs.settimeout(0.05)
while True:
    env = dict(os.environ, NOTIFY_SOCKET=path, WATCHDOG_USEC=str(int(seconds * 1e6)))
    service = subprocess.Popen(command, env=env)
    print('started', service.pid, flush=True)
    heard = time.monotonic()
    while service.poll() is None:
        try:
            if b'WATCHDOG=1' in signs.recv(4096):
                heard = time.monotonic()
                print('sign', flush=True)
        except TimeoutError:
            pass
        if time.monotonic() - heard > seconds:
            print('silent', flush=True)
            service.kill()
            service.wait()
`;

/** A service that lives until its event loop is told to be stuck, which the file in its first argument does once. */
const SERVICE = `
import { existsSync, rmSync } from 'node:fs';
import { startWatchdog } from ${JSON.stringify(WATCHDOG)};
startWatchdog(process.env, (error) => console.error(error));
setInterval(() => {
  if (!existsSync(process.argv[1])) return;
  rmSync(process.argv[1]);
  for (;;);
}, 20);
`;

describe('the watchdog', () => {
  it('gets a service whose event loop is stuck started again, and leaves one alone that works', async (context) => {
    const isThere = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
    if (!['systemd-notify', 'python3'].every(isThere)) context.skip('systemd-notify or python3 is not installed');
    const dir = mkdtempSync(join(tmpdir(), 'onedoor-watchdog-'));
    const stuck = join(dir, 'stuck');
    const node = [process.execPath, '--input-type=module', '--eval', SERVICE, stuck];
    const manager = spawn('python3', ['-c', MANAGER, join(dir, 'notify'), '3', ...node], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    let said = '';
    manager.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    onTestFinished(async () => {
      // The whole group: the manager and whatever it started.
      process.kill(-(manager.pid as number), 'SIGKILL');
      await once(manager, 'close');
      rmSync(dir, { recursive: true });
    });
    const times = (word: string): number => said.split(`${word}\n`).length - 1;

    await until('the service to live for longer than a silence may be', () => times('sign') >= 5, 30_000);
    expect(times('silent')).toBe(0);
    writeFileSync(stuck, '');
    await until('the silence to be noticed', () => times('silent') === 1, 30_000);
    const before = times('sign');
    await until('the new service to live', () => times('sign') > before + 1, 30_000);
    expect(existsSync(stuck)).toBe(false);
    expect(said.match(/^started /gm)?.length).toBe(2);
  });

  it('is asked for by the units of both programs', () => {
    for (const name of ['agent', 'door']) {
      const unit = readFileSync(join(import.meta.dirname, `../../lib/boot/onedoor-${name}.service`), 'utf8');
      expect(unit).toMatch(/^WatchdogSec=\d+$/m);
      expect(unit).toContain('\nNotifyAccess=all\n');
    }
  });
});
