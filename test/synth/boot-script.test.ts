import { spawnSync } from 'node:child_process';
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { aFleet } from './support/a-fleet.ts';
import { BUCKET, boot, canBoot, PROGRAM, readyToBoot, sha256 } from './support/boot-sandbox.ts';
import { aFile, deploymentTemplate, rendered, resourcesOf } from './support/synth.ts';

/** The user data of a template's machines, by the program that they run. */
function scripts(template: Template): Readonly<Record<string, string>> {
  const found = Object.values(resourcesOf(template, 'AWS::EC2::LaunchTemplate')).map(({ Properties }) =>
    rendered(Properties.LaunchTemplateData.UserData),
  );
  return Object.fromEntries(found.map((script) => [/^PROGRAM='(\w+)'$/m.exec(script)?.[1], script]));
}

let agent: string;
let door: string;
beforeAll(() => {
  const template = deploymentTemplate();
  ({ agent = '', door = '' } = scripts(template));
});

/** The largest user data that EC2 takes (EC2 User Guide, "User data"), less room for longer names. */
const MAX_USER_DATA = 15_000;

describe('user data', () => {
  it('fits into what EC2 takes, also with 64 slots', () => {
    const most = Template.fromStack(aFleet({ slots: 64, gameCommand: './run', gameFile: aFile('most.tar.gz', 'x') }));
    for (const script of [agent, door, scripts(most)['agent']!]) expect(script.length).toBeLessThan(MAX_USER_DATA);
  });

  it('is good bash', () => {
    for (const script of [agent, door]) {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    }
  });

  it('has nothing that shellcheck complains about', (context) => {
    if (spawnSync('shellcheck', ['--version']).status !== 0) context.skip('shellcheck is not installed');
    for (const script of [agent, door]) {
      const { stdout } = spawnSync('shellcheck', ['--shell=bash', '-'], {
        input: readyToBoot(script),
        encoding: 'utf8',
      });
      expect(stdout).toBe('');
    }
  });
});

describe.skipIf(!canBoot())('a machine that boots', () => {
  it('fetches what it is told, learns who it is, and starts guard, games, agent and minder', () => {
    const game = 'console.log("game")\n';
    const script = readyToBoot(agent, { game });
    const { status, stderr, calls, read } = boot(script, { ...BUCKET, game });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(calls.filter((call) => call.startsWith('systemctl'))).toEqual([
      'systemctl daemon-reload',
      'systemctl enable --now onedoor-metadata-guard.service',
      'systemctl enable --now onedoor-game@0.service',
      'systemctl enable --now onedoor-agent.service',
      'systemctl enable --now onedoor-minder.service',
      'systemctl enable --now onedoor-updater.service',
    ]);
    expect(read('opt/onedoor/agent.mjs')).toBe(PROGRAM);
    expect(read('opt/game/game.mjs')).toBe(game);
    expect(read('opt/onedoor/node')).toContain('echo node');
    const environment = read('etc/onedoor/agent.env');
    expect(environment).toContain("ONEDOOR_IDENTITY='AROAEXAMPLE:i-0a1b2c3d'");
    expect(environment).toContain("ONEDOOR_TABLE='resolved'");
    expect(read('etc/onedoor/api-token')).toMatch(/^[0-9a-f]{64}\n$/);
    expect(calls).toContain('chown onedoor:onedoor-game /etc/onedoor/api-token');
    expect(read('etc/systemd/system/onedoor-metadata-guard.service')).toContain(
      'uidrange 990-990 to 169.254.169.254/32',
    );
  });

  it('gives the game its slot’s port and the way to the agent', () => {
    const game = 'game';
    const script = readyToBoot(agent, { game });
    const { run } = boot(script, { ...BUCKET, game });
    const { output } = run('cat /opt/onedoor/node && SLOT=3 /opt/onedoor/start-game');
    expect(output).toContain(
      'node /opt/game/game.mjs --bind 0.0.0.0 --port 7780 --capacity 16 --agent http://127.0.0.1:7103 --agent-token-file /etc/onedoor/api-token',
    );
  });

  it('writes units that systemd takes', (context) => {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) context.skip('systemd-analyze is not installed');
    const game = 'game';
    const script = readyToBoot(agent, { game });
    const units = ['agent', 'minder', 'updater', 'metadata-guard', 'game@0'].map((name) => `onedoor-${name}.service`);
    expect(boot(script, { ...BUCKET, game }).run(verify(units))).toEqual({ status: 0, output: '' });
    expect(boot(readyToBoot(door), BUCKET).run(verify(['onedoor-door.service', 'onedoor-updater.service']))).toEqual({
      status: 0,
      output: '',
    });
  });

  it('unpacks the archive of a game', () => {
    const archive = spawnSync('bash', ['-c', 'cd "$(mktemp -d)" && echo hello >readme && tar -cz readme'], {
      encoding: 'buffer',
    }).stdout;
    const template = Template.fromStack(
      aFleet({ gameFile: aFile('arena.tar.gz', 'x'), gameCommand: './run', slots: 2 }),
    );
    const script = readyToBoot(scripts(template)['agent']!, { game: archive });
    const { status, read, calls } = boot(script, { ...BUCKET, game: archive });
    expect(status).toBe(0);
    expect(read('opt/game/readme')).toBe('hello\n');
    expect(read('opt/game/arena.tar.gz')).toBeUndefined();
    expect(calls).toContain('systemctl enable --now onedoor-game@1.service');
  });

  it('installs a game by a command, in the game’s directory and as its user, before anything starts', () => {
    const gameInstall = 'echo it\\\'s in "$PWD" > game.txt';
    const script = readyToBoot(scripts(Template.fromStack(aFleet({ gameInstall, gameCommand: './run' })))['agent']!);
    const { status, read, calls } = boot(script, BUCKET);
    expect(status).toBe(0);
    expect(read('opt/game/game.txt')).toBe("it's in /opt/game\n");
    const installed = calls.indexOf('runuser --user onedoor-game -- /opt/onedoor/install-game');
    expect(calls.indexOf('chown onedoor-game:onedoor-game /opt/game')).toBeLessThan(installed);
    expect(calls.findIndex((call) => call.startsWith('systemctl'))).toBeGreaterThan(installed);
  });

  it('starts nothing when a game cannot be installed', () => {
    const template = Template.fromStack(aFleet({ gameInstall: 'false', gameCommand: './run' }));
    const { status, stderr, calls } = boot(readyToBoot(scripts(template)['agent']!), BUCKET);
    expect({ status, stderr }).toEqual({ status: 1, stderr: 'onedoor: cannot install the game\n' });
    expect(calls.filter((call) => call.startsWith('systemctl'))).toEqual([]);
  });

  it('leaves a program alone that is there already: the updater changes it', () => {
    const game = 'game';
    const { run } = boot(readyToBoot(agent, { game }), { ...BUCKET, game });
    const { status, output } = run(
      'echo newer >/opt/onedoor/agent.mjs; bash "$WORK/script" && cat /opt/onedoor/agent.mjs',
    );
    expect({ status, output }).toEqual({ status: 0, output: 'newer\n' });
  });

  it('tries again when a fetch fails', () => {
    const { status, calls } = boot(readyToBoot(door), BUCKET, 3);
    expect(status).toBe(0);
    expect(calls.filter((call) => call.startsWith('aws'))).toHaveLength(6);
    expect(calls.filter((call) => call.startsWith('sleep'))).toEqual(['sleep 1', 'sleep 2', 'sleep 4']);
  });

  it('stops before anything is started when a file has not the SHA-256 that was deployed, and says so', () => {
    const { status, stderr, calls, read } = boot(readyToBoot(door), { ...BUCKET, program: '// another program\n' });
    expect(status).toBe(1);
    expect(stderr).toContain(
      `onedoor: s3://bucket/program does not have the SHA-256 ${sha256(PROGRAM)}: nothing is started`,
    );
    expect(calls.filter((call) => call.startsWith('systemctl'))).toEqual([]);
    expect(read('opt/onedoor/door.mjs')).toBeUndefined();
    expect(calls.at(-1)).toMatch(/^cfn-signal --exit-code 1 /);
  });

  it('gives up on a file that never comes', () => {
    const { status, stderr, calls } = boot(readyToBoot(agent), BUCKET, 99);
    expect(status).toBe(1);
    expect(stderr).toContain('onedoor: cannot fetch s3://bucket/node');
    expect(calls.filter((call) => call.startsWith('systemctl'))).toEqual([]);
  });

  it('tells CloudFormation when a gateway is ready, which has what moves datagrams by the batch beside it', () => {
    const { status, calls, read } = boot(readyToBoot(door), BUCKET);
    expect(status).toBe(0);
    expect(read('opt/onedoor/koffi.node')).toBe(BUCKET.ffi);
    expect(calls.slice(-3)).toEqual([
      'curl --silent --output /dev/null --max-time 2 http://127.0.0.1:17080/healthz',
      'systemctl enable --now onedoor-updater.service',
      expect.stringMatching(/^cfn-signal --exit-code 0 --stack /),
    ]);
  });
});

/** The machine of the test has no users; `nobody` and `root` are always known. */
function verify(units: readonly string[]): string {
  const users = ['root:x:0:0::/:/bin/sh', 'onedoor:x:990:990::/:/bin/sh', 'onedoor-game:x:991:991::/:/bin/sh'];
  const groups = ['root:x:0:', 'onedoor:x:990:', 'onedoor-game:x:991:'];
  return [
    `printf '%s\\n' ${users.map((line) => `'${line}'`).join(' ')} >/etc/passwd`,
    `printf '%s\\n' ${groups.map((line) => `'${line}'`).join(' ')} >/etc/group`,
    `cd /etc/systemd/system && systemd-analyze verify --man=no ${units.map((unit) => `./${unit}`).join(' ')}`,
  ].join(' && ');
}
