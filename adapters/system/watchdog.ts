import { spawn } from 'node:child_process';

/** systemd wants to hear of the service at least this often; the documentation of sd_watchdog_enabled(3) advises half. */
const SAFETY = 3;

/**
 * Tells systemd again and again that this process lives, where its unit has `WatchdogSec=` and `NotifyAccess=all`. The
 * signs come from the event loop: one that is stuck sends none, and systemd starts the service again. Node knows no
 * datagram sockets in the file system, so that systemd's own `systemd-notify` carries them.
 *
 * @param env WATCHDOG_USEC and NOTIFY_SOCKET of systemd; without them nothing is done
 * @param onError once, when the signs cannot be sent
 */
export function startWatchdog(
  env: Readonly<Record<string, string | undefined>>,
  onError: (error: Error) => void,
): { stop(): void } {
  const intervalMs = Number(env['WATCHDOG_USEC']) / 1_000 / SAFETY;
  if (!env['NOTIFY_SOCKET'] || !(intervalMs > 0)) return { stop() {} };
  let isBroken = false;
  const sign = (): void => {
    const child = spawn('systemd-notify', ['WATCHDOG=1'], { stdio: 'ignore' });
    child.on('error', (error) => {
      if (!isBroken) onError(error);
      isBroken = true;
    });
  };
  sign();
  const timer = setInterval(sign, intervalMs);
  return { stop: () => clearInterval(timer) };
}
