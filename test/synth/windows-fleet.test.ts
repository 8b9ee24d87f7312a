import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { aFleet } from './support/a-fleet.ts';
import { deploymentTemplate, rendered, resourcesOf, statementsOf } from './support/synth.ts';

const BOOT = join(import.meta.dirname, '../../lib/boot');
const USER_DATA_LIMIT = 16_384;
const FLEET = { name: 'win', app: 'arena', platform: 'windows', capacity: 8, slots: 2, min: 1, max: 1 };

function scriptOf(template: Template): string {
  const scripts = Object.values(resourcesOf(template, 'AWS::EC2::LaunchTemplate')).map(({ Properties }) =>
    rendered(Properties.LaunchTemplateData.UserData),
  );
  const [script, ...more] = scripts.filter((text) => text.startsWith('<powershell>\n'));
  if (script === undefined || more.length > 0) throw new Error('not one script for Windows');
  return script;
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

describe('a fleet of Windows machines', () => {
  const template = deploymentTemplate({ fleets: [FLEET] });
  const script = scriptOf(template);

  it('starts from the newest Windows Server on x64, with a disk that holds it, and IMDSv2 over one hop', () => {
    template.hasParameter('*', {
      Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>',
      Default: '/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-Base',
    });
    template.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: {
        InstanceType: 't3.medium',
        BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { VolumeSize: 30, Encrypted: true } }],
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      },
    });
  });

  it('gets one script within the limit of user data, with both its ends', () => {
    expect(script.length).toBeLessThan(USER_DATA_LIMIT);
    expect(script.endsWith('\n</powershell>')).toBe(true);
    expect(script.split('<powershell>')).toHaveLength(2);
  });

  it('fetches Node for Windows, the agent, the service and the minder, each by its SHA-256, and may read no more', () => {
    for (const name of ['Node', 'Agent', 'Service', 'Minder', 'Game']) {
      expect(script).toMatch(new RegExp(`^\\$${name}Uri = 's3://`, 'm'));
      expect(script).toMatch(new RegExp(`^\\$${name}Sha256 = '[0-9a-f]{64}'$`, 'm'));
    }
    expect(script).toContain(`$ServiceSha256 = '${sha256(join(BOOT, 'service.cs'))}'`);
    expect(script).toContain(`$MinderSha256 = '${sha256(join(BOOT, 'minder.ps1'))}'`);
    const fetches = statementsOf(template).filter(({ Sid }) => Sid === 'FetchPrograms');
    expect(fetches.map(({ Resource }) => [Resource].flat().length)).toContain(5);
  });

  it('gives the agent its flags with paths of Windows, and its environment', () => {
    const [, flags = ''] = /^\$AgentArguments = '(.*)'$/m.exec(script) ?? [];
    expect(flags).toContain('--game 127.0.0.1:7777 --game 127.0.0.1:7778 --capacity 8 --load "api"');
    expect(flags).toContain('--api-token-file C:\\ProgramData\\Onedoor\\api-token');
    expect(flags).toContain('--journal C:\\ProgramData\\Onedoor\\journal');
    expect(script).toMatch(/^ {2}'ONEDOOR_TABLE' = '\$\{Registry\w+\}'$/m);
    const [, config = ''] = /^ {2}'ONEDOOR_CONFIG' = '(.*)'$/m.exec(script) ?? [];
    expect(JSON.parse(config)).toMatchObject({ deployment: 'onedoor', defaultApp: 'arena' });
    expect(script).toMatch(/^\$RoleId = '\$\{Fleetwin\w*\.RoleId\}'$/m);
  });

  it('starts the sample world by a command of PowerShell, and lets clients reach all its ports', () => {
    expect(script).toContain(
      "$GameCommand = '& ''C:\\Program Files\\Onedoor\\node.exe'' ''C:\\ProgramData\\Onedoor\\game\\game.mjs''",
    );
    expect(script).toContain("$OpenPorts = @('7777-7778', '7000-7001')");
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: Match.arrayWith([Match.objectLike({ FromPort: 7777, ToPort: 7778, IpProtocol: 'udp' })]),
    });
  });

  it('keeps quotes of a command as they are', () => {
    const game = scriptOf(
      Template.fromStack(aFleet({ platform: 'windows', gameCommand: `.\\game.exe -name 'it''s'` })),
    );
    expect(game).toContain(`$GameCommand = '.\\game.exe -name ''it''''s'''`);
  });

  it('starts no game that the image starts by itself', () => {
    const script = scriptOf(Template.fromStack(aFleet({ platform: 'windows', imageId: 'ami-0123456789abcdef0' })));
    expect(script).toContain("$GameCommand = ''");
  });
});

/** There is no PowerShell where these tests run: they read what the script would do. */
describe('the script of a Windows machine', () => {
  const script = readFileSync(join(BOOT, 'boot.ps1'), 'utf8');
  const service = readFileSync(join(BOOT, 'service.cs'), 'utf8');
  const minder = readFileSync(join(BOOT, 'minder.ps1'), 'utf8');

  it.each(Object.entries({ 'boot.ps1': script, 'minder.ps1': minder, 'service.cs': service }))(
    '%s is plain ASCII with all its brackets closed',
    (_name, text) => {
      // Windows PowerShell reads a file without a mark in the machine's own code page.
      expect(text).toMatch(/^[\n\x20-\x7e]*$/);
      const bare = text.replaceAll(/'[^'\n]*'|"(?:`.|[^"`\n])*"|^\s*#.*$|\/\/.*$/gm, '');
      for (const [open, close] of ['()', '{}', '[]']) {
        expect(bare.split(open!).length).toBe(bare.split(close!).length);
      }
    },
  );

  it('calls only what it defines and what Windows Server has', () => {
    const bare = script.replaceAll(/^\s*#.*$/gm, '');
    const called = new Set([...bare.matchAll(/\b([A-Z]\w+-[A-Z]\w+)\b/g)].map(([, name]) => name));
    const defined = new Set([...bare.matchAll(/^function ([\w-]+)/gm)].map(([, name]) => name));
    const known = [
      ...['Add-Type', 'ForEach-Object', 'Get-FileHash', 'Invoke-RestMethod', 'Move-Item', 'New-Item', 'New-Object'],
      ...[
        'New-NetFirewallRule',
        'New-Service',
        'Out-Null',
        'Read-S3Object',
        'Remove-Item',
        'Set-Location',
        'Start-Service',
        'Start-Sleep',
      ],
    ];
    expect([...called].filter((name) => !defined.has(name)).sort()).toEqual(known.sort());
    expect([...defined].filter((name) => script.split(name!).length < 3)).toEqual([]);
  });

  it('reads only variables that it is given or makes', () => {
    const given = [...scriptOf(deploymentTemplate({ fleets: [FLEET] })).matchAll(/^\$(\w+) = /gm)].map(
      ([, name]) => name,
    );
    const left = [...script.matchAll(/(\$\w+(?:, \$\w+)*) = |foreach \((\$\w+)|\](\$\w+)/g)].flatMap((match) =>
      match.slice(1),
    );
    const made = left.flatMap((names) => names?.replaceAll('$', '').split(', ') ?? []);
    const always = ['_', 'true', 'false', 'null', 'LASTEXITCODE'];
    const used = new Set([...script.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name!.toLowerCase()));
    const known = new Set([...given, ...made, ...always].map((name) => name?.toLowerCase()));
    expect([...used].filter((name) => !known.has(name))).toEqual([]);
  });

  it('checks each file before it gets its name, and starts services only after everything is there', () => {
    const check = script.indexOf('Get-FileHash -Algorithm SHA256');
    expect(script.indexOf('throw "$Uri does not have the SHA-256')).toBeGreaterThan(check);
    expect(script.indexOf('Move-Item -Force -Path "$Path.part"')).toBeGreaterThan(
      script.indexOf('does not have the SHA-256'),
    );
    const main = script.slice(script.lastIndexOf('\nforeach ($folder in'));
    const lastCheck = main.lastIndexOf('Get-Program');
    expect(main.indexOf('Start-Service')).toBeGreaterThan(lastCheck);
    expect(main.indexOf('Start-Service -Name "onedoor-game-$slot"')).toBeGreaterThan(main.indexOf('New-Token'));
  });

  it('runs each game under an account of its own, without a way to the metadata service', () => {
    expect(script).toContain('obj= "NT SERVICE\\$Name"');
    expect(script).toMatch(
      /-Direction Outbound -Action Block -LocalUser "D:\(A;;CC;;;\$sid\)" `\n\s+-RemoteAddress 169\.254\.169\.254, fd00:ec2::254/,
    );
    const games = script.slice(script.indexOf('function Install-Games'), script.indexOf('function Install-Minder'));
    expect(games.indexOf('Block-Metadata $name')).toBeGreaterThan(games.indexOf('Install-Program $name $settings'));
  });

  it('gives the service what it reads', () => {
    const read = new Set([...service.matchAll(/settings(?:\.TryGetValue\(|\[)"(\w+)"/g)].map(([, name]) => name));
    const given = new Set(
      [...script.matchAll(/(?:@\{ |; |\$settings\.)(program|directory|fresh|arguments|logs) = /gi)].map(
        ([, name]) => name!,
      ),
    );
    expect([...read].sort()).toEqual(['arguments', 'directory', 'fresh', 'logs', 'program']);
    expect([...given].sort()).toEqual([...read].sort());
  });

  it('hands the minder the variables that it reads', () => {
    const read = new Set([...minder.matchAll(/\$env:(\w+)/g)].map(([, name]) => name));
    expect([...read].sort()).toEqual(['API_PORT', 'API_TOKEN_FILE', 'SLOTS']);
    for (const name of read) expect(script).toContain(`$settings['env.${name}'] =`);
  });
});
