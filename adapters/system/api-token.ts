import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from '../../core/errors.ts';

const TOKEN_BYTES = 32;
const LEAST_CHARACTERS = 16;

/**
 * The token that guards the API for games, from `path`; made there, for this user alone, if there is none. A file of
 * the operator's may be readable by the group that games run in, but not by everybody.
 */
export function loadApiToken(path: string): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    const fresh = randomBytes(TOKEN_BYTES).toString('base64url');
    writeFileSync(path, `${fresh}\n`, { flag: 'wx', mode: 0o600 });
    return fresh;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const token = readFileSync(path, 'utf8').trim();
  const mode = statSync(path).mode & 0o777;
  const problems: string[] = [];
  if (process.platform !== 'win32' && (mode & 0o027) !== 0) {
    problems.push(`\`${path}\` must not be open to everybody (chmod 600), got: mode ${mode.toString(8)}.`);
  }
  if (token.length < LEAST_CHARACTERS) {
    problems.push(`\`${path}\` must hold a token of at least ${LEAST_CHARACTERS} characters, got: ${token.length}.`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return token;
}

/** Whether an Authorization field carries `token`; takes the same time wherever they differ. */
export function isAuthorized(field: string | undefined, token: string): boolean {
  const match = /^Bearer +(\S+)$/i.exec(field ?? '');
  return match?.[1] !== undefined && timingSafeEqual(digest(match[1]), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
