import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../lib/boot/updater.sh');
const OLD = '// the old program\n';
const NEW = '// the new program\n';

/**
 * The machine: `aws` finds item and program in the folder, `systemctl` notes what was started and with which program,
 * `curl` is the health port: the words of `health` one after the other, and the last one for ever.
 */
const STUBS: Readonly<Record<string, string>> = {
  aws: `if [ "$1" = s3 ]; then cp "$WORK/bucket" "\${@: -1}"; else cat "$WORK/item"; fi`,
  systemctl: `echo "$* $(sha256sum <"$WORK/door.mjs" | cut -c 1-8)" >>"$WORK/restarts"`,
  curl: `read -r first rest <"$WORK/health"
if [ -n "$rest" ]; then echo "$rest" >"$WORK/health"; fi
if [ "$first" = after-restart ]; then [ -e "$WORK/restarts" ] && first=000 || first=200; fi
printf %s "$first"`,
};

let work: string;
const at = (name: string): string => join(work, name);
const read = (name: string): string | undefined => (existsSync(at(name)) ? readFileSync(at(name), 'utf8') : undefined);
const write = (name: string, text: string): void => writeFileSync(at(name), text);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const short = (text: string): string => sha256(text).slice(0, 8);

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'onedoor-updater-'));
  for (const [name, body] of Object.entries(STUBS)) {
    write(name, `#!/bin/bash\n${body}\n`);
    chmodSync(at(name), 0o755);
  }
  write('door.mjs', OLD);
  write('bucket', NEW);
  write('item', want(NEW));
  write('health', '200');
});
afterEach(() => rmSync(work, { recursive: true }));

/** What `aws dynamodb get-item --query … --output text` prints. */
function want(program: string, format = '1'): string {
  return `${format}\t2.0.0+${short(program)}\ts3://bucket/door\t${sha256(program)}\n`;
}

/** One look of the updater: what it says. */
function look(patience = 1): string {
  const { status, stdout, stderr } = spawnSync('bash', [SCRIPT, 'now'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: `${work}:${process.env['PATH']}`,
      ...{ WORK: work, FOLDER: work, PROGRAM: 'door', TABLE: 'table', HEALTH_URL: 'http://127.0.0.1:9/healthz' },
      ...{ PERIOD: '60', PAUSE: '0.01', PATIENCE: String(patience) },
    },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

describe('the updater', () => {
  it('changes to the wanted program, restarts it, and keeps it when it gets well', () => {
    write('health', '200 000 000 503 200');
    expect(look(20)).toBe(`door goes to 2.0.0+${short(NEW)}\ndoor runs ${sha256(NEW)}\n`);
    expect(read('door.mjs')).toBe(NEW);
    expect(read('restarts')).toBe(`restart onedoor-door.service ${short(NEW)}\n`);
    expect(look()).toBe('');
    expect(read('door.mjs.trial')).toBeUndefined();
  });

  it.each([
    ['never answers', 'after-restart'],
    ['is not well where the old one was', '200 503'],
  ])('goes back by itself when the new program %s, and does not try that one again', (_what, health) => {
    write('health', health);
    expect(look()).toContain(`door ${sha256(NEW)} does not get well: back to ${sha256(OLD)}\n`);
    expect(read('door.mjs')).toBe(OLD);
    expect(read('restarts')?.trim().split('\n')).toEqual([
      `restart onedoor-door.service ${short(NEW)}`,
      `restart onedoor-door.service ${short(OLD)}`,
    ]);
    expect(look()).toBe('');
    write('bucket', '// a better one\n');
    write('item', want('// a better one\n'));
    write('health', '200');
    expect(look(20)).toContain('door runs');
    expect(read('door.mjs')).toBe('// a better one\n');
  });

  it('goes back to an older program as to a newer one', () => {
    expect(look(20)).toContain('door runs');
    write('item', want(OLD));
    write('bucket', OLD);
    expect(look(20)).toContain(`door runs ${sha256(OLD)}`);
  });

  it('asks of a program no more than the old one gave: a game may be down', () => {
    write('health', '503');
    expect(look(20)).toContain('door runs');
  });

  it('keeps the old program when the bytes are not the wanted ones, and says so', () => {
    write('bucket', '// something else\n');
    expect(look()).toBe(`s3://bucket/door does not have the SHA-256 ${sha256(NEW)}: keeping ${sha256(OLD)}\n`);
    expect(read('door.mjs')).toBe(OLD);
    expect(read('door.mjs.new')).toBeUndefined();
    expect(read('restarts')).toBeUndefined();
  });

  it.each([
    ['the item is not there', 'None\n', ''],
    ['the item has a format that is not known', want(NEW, '2'), /^the wanted version .* \(2\): left alone\n$/],
    ['the item says no SHA-256', '1\tx\ts3://b/k\tNone\n', /left alone/],
    ['the program is the wanted one', want(OLD), ''],
  ])('leaves the program alone when %s', (_what, item, says) => {
    write('item', item);
    const said = look();
    if (typeof says === 'string') expect(said).toBe(says);
    else expect(said).toMatch(says);
    expect(read('door.mjs')).toBe(OLD);
    expect(read('restarts')).toBeUndefined();
  });

  it('says that the registry is away and tries again', () => {
    write('aws', '#!/bin/bash\nexit 255\n');
    expect(look()).toBe('the registry does not say which version it wants\n');
    write('aws', `#!/bin/bash\n${STUBS['aws']}\n`);
    expect(look(20)).toContain('door runs');
  });

  it('ends a trial that an updater before it did not live to see the end of', () => {
    write('door.mjs.old', OLD);
    write('door.mjs', NEW);
    write('door.mjs.trial', '200');
    write('item', 'None\n');
    write('health', '000');
    expect(look()).toContain('back to');
    expect(read('door.mjs')).toBe(OLD);
  });
});
