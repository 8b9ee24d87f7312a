import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AGENT_API_PORT } from '../../core/config/fleet-rules.ts';
import type { FetchedFile } from '../bundles.ts';

/** The token of that API: the agent's and the game's, nobody else's. */
export const AGENT_TOKEN_FILE = '/etc/onedoor/api-token';
/** Where the agent keeps what must outlive its process and not the machine: systemd makes it, in memory. */
export const AGENT_JOURNAL = '/run/onedoor';

/** One server process for each slot, started by systemd under a user of its own. */
export interface BootGame {
  /** Put into /opt/game under `name`; a `.tar.gz` is unpacked there. @default - the image has it */
  readonly file?: FetchedFile & { readonly name: string };
  /**
   * Shell command. It finds its slot in `$SLOT`, its port in `$PORT`, the agent's API and the file with its token in
   * `$ONEDOOR_AGENT` and `$ONEDOOR_TOKEN_FILE`.
   */
  readonly command: string;
  /** Shell command that brings the game into /opt/game, as its user, once. @default - none */
  readonly install?: string;
  /** Port of slot 0; slot n has it + n. */
  readonly port: number;
}

interface BootCommon {
  readonly code: FetchedFile;
  readonly node: FetchedFile;
  readonly environment: Readonly<Record<string, string>>;
  readonly arguments: readonly string[];
}

export interface AgentBoot extends BootCommon {
  readonly program: 'agent';
  /**
   * Id (not name) of the machine's role: with the instance's, the name under which its rows are written.
   *
   * @default - asked from STS
   */
  readonly roleId?: string;
  readonly slots: number;
  /** @default - the image starts it by itself */
  readonly game?: BootGame;
}

export interface DoorBoot extends BootCommon {
  readonly program: 'door';
  /** What lets it move datagrams by the batch. @default - it moves them one by one */
  readonly ffi?: FetchedFile;
  /** The boot is good once this answers. */
  readonly healthUrl: string;
  /** The resource of CloudFormation that waits for the boot to end, well or not. */
  readonly signal: { readonly stackName: string; readonly logicalId: string; readonly region: string };
}

export type BootProps = AgentBoot | DoorBoot;

const UNITS = '/etc/systemd/system';
const GUARD = 'onedoor-metadata-guard.service';
const MINDER = 'onedoor-minder.service';
const UPDATER = 'onedoor-updater.service';
/**
 * How often a machine looks which version is wanted, in s. A gateway that changes is away for some seconds, so that
 * these look more seldom: hardly ever two of them at once.
 */
const LOOK_SECONDS = { agent: 300, door: 900 } as const;

/** The user data of a machine: what it is told, the files it needs, and lib/boot/boot.sh. */
export function bootScript(boot: BootProps): string {
  const game = boot.program === 'agent' ? boot.game : undefined;
  const units = [
    `onedoor-${boot.program}.service`,
    UPDATER,
    ...(boot.program === 'agent' ? [MINDER] : []),
    ...(game ? ['onedoor-game@.service', GUARD] : []),
  ];
  return [
    '#!/bin/bash',
    'set -euo pipefail',
    'umask 022',
    ...(boot.program === 'door' ? [signalLine(boot.signal)] : []),
    ...assignments(variables(boot)),
    'mkdir -p /etc/onedoor /opt/onedoor',
    ...file(`/etc/onedoor/${boot.program}.env`, programEnvironment(boot)),
    ...file('/etc/onedoor/updater.env', updaterEnvironment(boot)),
    ...file('/opt/onedoor/updater', sourceText('updater.sh')),
    ...(boot.program === 'agent'
      ? [
          ...file('/etc/onedoor/minder.env', minderEnvironment(boot)),
          ...file('/opt/onedoor/minder', sourceText('minder.sh')),
        ]
      : []),
    ...units.flatMap((unit) => file(`${UNITS}/${unit}`, sourceText(unit))),
    ...(game ? file('/opt/onedoor/start-game', startGame(game)) : []),
    ...(game?.install === undefined
      ? []
      : file('/opt/onedoor/install-game', `#!/bin/bash\nset -euo pipefail\n${game.install}`)),
    sourceText('boot.sh'),
  ].join('\n');
}

/** Without its comments, which stay here: user data must be short (EC2 User Guide, "User data": 16 KB). */
function sourceText(name: string): string {
  const text = readFileSync(join(import.meta.dirname, name), 'utf8');
  return text.replaceAll(/^ *#(?!!).*\n/gm, '').trimEnd();
}

function variables(boot: BootProps): Readonly<Record<string, string>> {
  const common = {
    PROGRAM: boot.program,
    PROGRAM_URI: boot.code.asset.s3ObjectUrl,
    PROGRAM_SHA256: boot.code.sha256,
    NODE_URI: boot.node.asset.s3ObjectUrl,
    NODE_SHA256: boot.node.sha256,
  };
  if (boot.program === 'door') {
    const { healthUrl, ffi } = boot;
    const fetched = ffi && { FFI_URI: ffi.asset.s3ObjectUrl, FFI_SHA256: ffi.sha256 };
    return { ...common, HEALTH_URL: healthUrl, ...fetched };
  }
  const { game, slots, roleId } = boot;
  return {
    ...common,
    ...(roleId !== undefined && { ROLE_ID: roleId }),
    ...(game && { SLOTS: String(slots) }),
    ...(game?.file && {
      GAME_URI: game.file.asset.s3ObjectUrl,
      GAME_SHA256: game.file.sha256,
      GAME_FILE: game.file.name,
    }),
  };
}

/** Both the shell and systemd's environment files take single quotes as: nothing within is special but their end. */
function assignments(values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).map(([name, value]) => `${name}='${value}'`);
}

function programEnvironment({ environment, arguments: args }: BootProps): string {
  return assignments({ ...environment, ONEDOOR_ARGUMENTS: args.join(' ') }).join('\n');
}

function minderEnvironment({ slots }: AgentBoot): string {
  const values = { SLOTS: String(slots), API_PORT: String(AGENT_API_PORT), API_TOKEN_FILE: AGENT_TOKEN_FILE };
  return assignments(values).join('\n');
}

function updaterEnvironment(boot: BootProps): string {
  const { AWS_REGION = '', ONEDOOR_TABLE = '' } = boot.environment;
  const values = {
    PROGRAM: boot.program,
    TABLE: ONEDOOR_TABLE,
    AWS_DEFAULT_REGION: AWS_REGION,
    HEALTH_URL: boot.program === 'door' ? boot.healthUrl : `http://127.0.0.1:${AGENT_API_PORT}/healthz`,
    PERIOD: String(LOOK_SECONDS[boot.program]),
  };
  return assignments(values).join('\n');
}

/** Whatever ends the script tells CloudFormation at once, or a bad boot would be noticed only when its wait is over. */
function signalLine({ stackName, logicalId, region }: DoorBoot['signal']): string {
  const target = `--stack "${stackName}" --resource "${logicalId}" --region "${region}"`;
  return `trap '/opt/aws/bin/cfn-signal --exit-code $? ${target}' EXIT`;
}

function startGame({ command, port }: BootGame): string {
  return [
    '#!/bin/bash',
    `export PORT=$((${port} + SLOT))`,
    `export ONEDOOR_AGENT=http://127.0.0.1:$((${AGENT_API_PORT} + SLOT)) ONEDOOR_TOKEN_FILE=${AGENT_TOKEN_FILE}`,
    command,
  ].join('\n');
}

/** A here-document with a quoted end: the shell leaves every character as it is. */
function file(path: string, text: string): readonly string[] {
  return [`cat > '${path}' <<'ONEDOOR_END'`, text, 'ONEDOOR_END'];
}
