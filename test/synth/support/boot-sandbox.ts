import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

export const PROGRAM = '// the program\n';
/** What machines fetch, all of them or the gateways. */
export const BUCKET = { program: PROGRAM, node: gzipSync('#!/bin/bash\necho node "$@"\n'), ffi: 'ffi' };

export function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The script with the places and hashes of the files that the test has, and CloudFormation's references resolved. */
export function readyToBoot(script: string, more: { readonly game?: string | Buffer } = {}): string {
  const files = Object.entries({ ...BUCKET, ...more });
  const told = files.reduce(
    (text, [name, bytes]) =>
      text
        .replace(new RegExp(`^(${name.toUpperCase()}_URI)='.*'$`, 'm'), `$1='s3://bucket/${name}'`)
        .replace(new RegExp(`^(${name.toUpperCase()}_SHA256)='.*'$`, 'm'), `$1='${sha256(bytes)}'`),
    script,
  );
  return told
    .replace(/^(ROLE_ID)='.*'$/m, `$1='AROAEXAMPLE'`)
    .replaceAll(/\$\{(AWS::\w+|[A-Z]\w+[0-9A-F]{8}(\.\w+)?)\}/g, 'resolved');
}

/** A machine that boots in a mount namespace of its own: its /etc and /opt are empty, the programs below are stubs. */
export interface Boot {
  readonly status: number | null;
  readonly stderr: string;
  /** Calls of the stubs, in order: `systemctl enable --now …`. */
  readonly calls: readonly string[];
  /** A file as the boot left it, undefined if it did not make it. */
  read(path: string): string | undefined;
  /** Runs a command in the machine as it was left. */
  run(command: string): { readonly status: number | null; readonly output: string };
}

/** `aws s3 cp … URI FILE` finds its objects in $BUCKET; the first $FAILURES calls fail. */
const STUBS: Readonly<Record<string, string>> = {
  aws: `if [ "$1" = sts ]; then echo AROAOTHER:i-0fedcba; exit 0; fi
if [ "$(cat "$WORK/failures")" -gt 0 ]; then echo $(($(cat "$WORK/failures") - 1)) >"$WORK/failures"; exit 1; fi
cp "$WORK/bucket/$(basename "\${@: -2:1}")" "\${@: -1}"`,
  curl: 'case "$*" in *api/token*) echo token ;; *meta-data/instance-id*) echo i-0a1b2c3d ;; esac',
  systemctl: '',
  runuser: 'while [ "$1" != -- ]; do shift; done; shift; "$@"',
  useradd: 'echo "$@" | grep -oE "[^ ]+$" >>"$WORK/users"',
  id: 'for word in "$@"; do name=$word; done; grep -qx "$name" "$WORK/users" 2>/dev/null || exit 1; echo 990',
  chown: '',
  sleep: '',
};

const NAMESPACE = ['--user', '--map-root-user', '--mount'];

/** Whether this system lets us make such a namespace. */
export function canBoot(): boolean {
  return spawnSync('unshare', [...NAMESPACE, 'true']).status === 0;
}

/**
 * Boots with a user data script whose references are resolved.
 *
 * @param bucket name -> bytes of the objects that can be fetched
 * @param failures how many fetches fail before one succeeds
 */
export function boot(script: string, bucket: Readonly<Record<string, string | Buffer>>, failures = 0): Boot {
  const work = mkdtempSync(join(tmpdir(), 'onedoor-boot-'));
  onTestFinished(() => rmSync(work, { recursive: true, force: true }));
  mkdirSync(join(work, 'bucket'));
  mkdirSync(join(work, 'bin'));
  mkdirSync(join(work, 'left'));
  for (const [name, bytes] of Object.entries(bucket)) writeFileSync(join(work, 'bucket', name), bytes);
  for (const [name, body] of Object.entries({ ...STUBS, 'cfn-signal': '' })) {
    const path = join(work, 'bin', name);
    writeFileSync(path, `#!/bin/bash\necho "${name} $*" >>"$WORK/calls"\n${body}\n`);
    chmodSync(path, 0o755);
  }
  writeFileSync(join(work, 'failures'), String(failures));
  writeFileSync(join(work, 'calls'), '');
  writeFileSync(join(work, 'script'), script);
  const machine = 'mount -t tmpfs etc /etc && mount -t tmpfs opt /opt && mkdir -p /etc/systemd/system';
  const inside = (command: string) =>
    spawnSync('unshare', [...NAMESPACE, 'bash', '-c', `${machine} && ${command}`], {
      encoding: 'utf8',
      // With a socket as its input bash takes itself for a remote shell and reads the user's files.
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: `${join(work, 'bin')}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`, WORK: work },
    });
  const { status, stderr } = inside(
    'mkdir -p /opt/aws/bin && cp "$WORK/bin/cfn-signal" /opt/aws/bin; bash "$WORK/script"; s=$?; cp -a /etc /opt "$WORK/left"; exit $s',
  );
  return {
    status,
    stderr,
    calls: readFileSync(join(work, 'calls'), 'utf8').trim().split('\n').filter(Boolean),
    read: (path) => (existsSync(join(work, 'left', path)) ? readFileSync(join(work, 'left', path), 'utf8') : undefined),
    run(command) {
      cpSync(join(work, 'left'), join(work, 'again'), { recursive: true });
      const result = inside(`cp -a "$WORK/again/etc/." /etc && cp -a "$WORK/again/opt/." /opt && ${command}`);
      return { status: result.status, output: result.stdout + result.stderr };
    },
  };
}
