import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AGENT_API_PORT } from '../../core/config/fleet-rules.ts';
import type { FetchedFile } from '../bundles.ts';
import type { BootGame } from './boot-script.ts';

/** Here nobody but Administrators may write. */
const PROGRAMS = 'C:\\Program Files\\Onedoor';
const DATA = 'C:\\ProgramData\\Onedoor';
const GAMES = `${DATA}\\game`;

/** As `AGENT_TOKEN_FILE` and `AGENT_JOURNAL` of Linux. */
export const WINDOWS_PATHS = { tokenFile: `${DATA}\\api-token`, journal: `${DATA}\\journal` } as const;

/** The sources beside this file that a machine fetches. */
export const WINDOWS_SERVICE = join(import.meta.dirname, 'service.cs');
export const WINDOWS_MINDER = join(import.meta.dirname, 'minder.ps1');

/** A Windows machine with an agent, and games if it starts them. Not proven: no run here has had such a machine. */
export interface WindowsBoot {
  readonly program: 'windows-agent';
  readonly code: FetchedFile;
  /** node.exe, compressed. */
  readonly node: FetchedFile;
  /** `WINDOWS_SERVICE`: what makes a service of any program. */
  readonly service: FetchedFile;
  /** `WINDOWS_MINDER`. */
  readonly minder: FetchedFile;
  readonly environment: Readonly<Record<string, string>>;
  readonly arguments: readonly string[];
  /** Id (not name) of the machine's role. */
  readonly roleId: string;
  readonly slots: number;
  /** First port of each role; clients reach it and the next `slots` - 1. */
  readonly openPorts: readonly number[];
  /** Its command is PowerShell, with `$env:SLOT` and so on. @default - the image starts it by itself */
  readonly game?: BootGame;
}

/** The user data of a Windows machine: what it is told, and lib/boot/boot.ps1, run once by EC2Launch. */
export function windowsBootScript(boot: WindowsBoot): string {
  const { slots, game } = boot;
  const ranges = boot.openPorts.map((port) => (slots === 1 ? `${port}` : `${port}-${port + slots - 1}`));
  return [
    '<powershell>',
    "$ErrorActionPreference = 'Stop'",
    "$ProgressPreference = 'SilentlyContinue'",
    ...assignments({
      Programs: PROGRAMS,
      Data: DATA,
      Games: GAMES,
      TokenFile: WINDOWS_PATHS.tokenFile,
      RoleId: boot.roleId,
      ...fetched('Node', boot.node),
      ...fetched('Agent', boot.code),
      ...fetched('Service', boot.service),
      ...fetched('Minder', boot.minder),
      AgentArguments: boot.arguments.join(' '),
      GameCommand: game?.command ?? '',
      GameInstall: game?.install ?? '',
      GameUri: '',
      ...(game?.file && { ...fetched('Game', game.file), GameFile: game.file.name }),
    }),
    `$Slots = ${slots}`,
    `$ApiPort = ${AGENT_API_PORT}`,
    `$GamePort = ${game?.port ?? 0}`,
    `$OpenPorts = @(${ranges.map(quoted).join(', ')})`,
    '$AgentEnvironment = @{',
    ...Object.entries(boot.environment).map(([name, value]) => `  ${quoted(name)} = ${quoted(value)}`),
    '}',
    readFileSync(join(import.meta.dirname, 'boot.ps1'), 'utf8').trimEnd(),
    '</powershell>',
  ].join('\n');
}

function fetched(name: string, { asset, sha256 }: FetchedFile): Readonly<Record<string, string>> {
  return { [`${name}Uri`]: asset.s3ObjectUrl, [`${name}Sha256`]: sha256 };
}

function assignments(values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).map(([name, value]) => `$${name} = ${quoted(value)}`);
}

/** Within single quotes nothing is special to PowerShell but these. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** What starts the sample world on a Windows machine. */
export function windowsSampleCommand(file: string, capacity: number): string {
  const agent = '--agent $env:ONEDOOR_AGENT --agent-token-file $env:ONEDOOR_TOKEN_FILE';
  const game = `'${GAMES}\\${file}' --bind 0.0.0.0 --port $env:PORT --capacity ${capacity}`;
  return `& '${PROGRAMS}\\node.exe' ${game} ${agent}`;
}
