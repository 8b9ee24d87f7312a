import { execFileSync } from 'node:child_process';

/** Debian's browser (`apt-get install chromium`); undefined where there is none. */
export function findChromium(): string | undefined {
  try {
    return execFileSync('sh', ['-c', 'command -v chromium || command -v chromium-browser'], {
      encoding: 'utf8',
    }).trim();
  } catch {
    return undefined;
  }
}

/** It runs as root in containers, and has no graphics card. */
export const CHROMIUM_FLAGS = ['--no-sandbox', '--disable-gpu'];
