import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAgentOptions } from '../../agents/options.ts';
import { parseRuntimeConfig } from '../../core/config/runtime-config.ts';
import { parseDoorOptions } from '../../door/options.ts';
import { aFleet } from './support/a-fleet.ts';
import { deploymentTemplate, rendered, resourcesOf } from './support/synth.ts';

/** The environment of one program as its machine's boot script writes it, with references of CloudFormation resolved. */
function environmentOf(template: Template, program: string): Readonly<Record<string, string>> {
  const script = Object.values(resourcesOf(template, 'AWS::EC2::LaunchTemplate'))
    .map(({ Properties }) => rendered(Properties.LaunchTemplateData.UserData))
    .find((text) => text.includes(`PROGRAM='${program}'`));
  const file = new RegExp(`cat > '/etc/onedoor/${program}.env' <<'ONEDOOR_END'\\n([\\s\\S]*?)\\nONEDOOR_END`).exec(
    script!,
  );
  const lines = [...file![1]!.matchAll(/^(\w+)='(.*)'$/gm)];
  return Object.fromEntries(lines.map(([, name, value]) => [name, value!.replaceAll(/\$\{\w+\}/g, '203.0.113.7')]));
}

/** Splits as systemd does: at spaces, but not within double quotes (systemd.service, "Command lines"). */
function splitArguments(text: string | undefined): string[] {
  return [...text!.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}

function never(text: string): void {
  throw new Error(`nothing was asked for, got: ${text}`);
}

describe('the command line that a fleet gives its agents', () => {
  it('is one that the agent takes, with the ports and the capacity of the fleet', () => {
    const template = Template.fromStack(
      aFleet({ slots: 2, load: 'command:/opt/game/count', ports: { game: 27_960, probe: 7010, lobby: 8000 } }),
    );
    const environment = environmentOf(template, 'agent');
    const argv = ['--identity', 'AROAEXAMPLE:i-0a1b', ...splitArguments(environment['ONEDOOR_ARGUMENTS'])];
    expect(parseAgentOptions(argv, environment, never)).toMatchObject({
      identity: 'AROAEXAMPLE:i-0a1b',
      games: [
        { address: '127.0.0.1', port: 27_960 },
        { address: '127.0.0.1', port: 27_961 },
      ],
      capacity: 32,
      load: 'command:/opt/game/count',
      table: '203.0.113.7',
      ...{ probePort: 7010, apiPort: 7100, lobbyPort: 8000 },
      ...{ journal: '/run/onedoor', apiTokenFile: '/etc/onedoor/api-token', drainMs: 3_600_000, isJson: true },
    });
  });

  it('opens the SDK of Agones for builds that were made for it', () => {
    const agones = { port: 9_358, healthSeconds: 6, counters: { rooms: '0/10' }, lists: { members: 16 } };
    const template = Template.fromStack(aFleet({ load: 'agones:list:members', agones }));
    const environment = environmentOf(template, 'agent');
    const argv = ['--identity', 'AROAEXAMPLE:i-0a1b', ...splitArguments(environment['ONEDOOR_ARGUMENTS'])];
    expect(parseAgentOptions(argv, environment, never)).toMatchObject({
      agones: { port: 9_358, healthSeconds: 6, load: { kind: 'list', name: 'members' } },
    });
  });
});

describe('what a deployment tells its programs', () => {
  let template: Template;
  beforeAll(() => {
    template = deploymentTemplate({
      runtime: { keepalive: { intervalSeconds: 15 }, groupFallback: { "o'hare": ['b'] } },
    });
  });

  it('is a command line that the gateway takes', () => {
    const environment = environmentOf(template, 'door');
    const argv = splitArguments(environment['ONEDOOR_ARGUMENTS']);
    expect(parseDoorOptions(argv, environment, never)).toMatchObject({
      ...{ bind: '0.0.0.0', port: 17_000, healthBind: '0.0.0.0', healthPort: 17_080, stopMs: 5_000 },
      config: { deployment: 'onedoor', probePort: 7000, serviceAddress: '203.0.113.7' },
    });
  });

  it('are settings that every program takes', () => {
    const { ONEDOOR_CONFIG } = environmentOf(template, 'agent');
    expect(parseRuntimeConfig(ONEDOOR_CONFIG)).toMatchObject({
      ...{ deployment: 'onedoor', defaultApp: 'world', probePort: 7000, serviceAddress: '203.0.113.7' },
      keepalive: { intervalSeconds: 15 },
      groupFallback: { "o'hare": ['b'] },
    });
  });
});
