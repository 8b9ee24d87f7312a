import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Put there by tools/build.ts. */
declare const ONEDOOR_VERSION: string | undefined;
/** Enough of the SHA-256 to tell bundles apart. */
const HASH_DIGITS = 8;

/**
 * Which program this is: the release, and the start of the SHA-256 of its bundle as deployments and updaters know it
 * (`1.4.0+0a1b2c3d`). `source` where it runs from its sources.
 *
 * @param file the bundle: `import.meta.filename` of its entry
 */
export function runningVersion(file: string): string {
  if (typeof ONEDOOR_VERSION === 'undefined') return 'source';
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
  return `${ONEDOOR_VERSION}+${hash.slice(0, HASH_DIGITS)}`;
}
