import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FetchedFile } from '../bundles.ts';

/** One server process for each slot, started by systemd under a user of its own. */
export interface BootGame {
  readonly slots: number;
  /** Put into /opt/game under `name`; a `.tar.gz` is unpacked there. @default - the image has it */
  readonly file?: FetchedFile & { readonly name: string };
  /** Shell command; it finds its slot in `$SLOT` and its port in `$PORT`. */
  readonly command: string;
  /** Port of slot 0; slot n has it + n. */
  readonly port: number;
}

export interface BootProps {
  readonly program: 'agent' | 'door';
  readonly code: FetchedFile;
  readonly node: FetchedFile;
  readonly environment: Readonly<Record<string, string>>;
  readonly arguments: readonly string[];
  readonly game?: BootGame;
  /** The boot is good once this answers. @default - once the unit has started */
  readonly healthUrl?: string;
  /** The resource of CloudFormation that waits for the boot to end, well or not. @default - nobody waits */
  readonly signal?: { readonly stackName: string; readonly logicalId: string; readonly region: string };
}

const UNITS = '/etc/systemd/system';

/** The user data of a machine: what it is told, the files it needs, and lib/boot/boot.sh. */
export function bootScript(props: BootProps): string {
  const { program, game, signal } = props;
  const units = [`onedoor-${program}.service`, ...(game ? ['onedoor-game@.service', GUARD] : [])];
  return [
    '#!/bin/bash',
    'set -euo pipefail',
    'umask 022',
    ...(signal ? signalLines(signal) : []),
    ...Object.entries(variables(props)).map(([name, value]) => `${name}='${value}'`),
    'mkdir -p /etc/onedoor /opt/onedoor',
    ...file(`/etc/onedoor/${program}.env`, environmentFile(props)),
    ...units.flatMap((unit) => file(`${UNITS}/${unit}`, sourceText(unit))),
    ...(game ? file('/opt/onedoor/start-game', startGame(game)) : []),
    sourceText('boot.sh'),
  ].join('\n');
}

const GUARD = 'onedoor-metadata-guard.service';

function sourceText(name: string): string {
  return readFileSync(join(import.meta.dirname, name), 'utf8').trimEnd();
}

function variables({ program, code, node, game, healthUrl }: BootProps): Readonly<Record<string, string>> {
  return {
    PROGRAM: program,
    PROGRAM_URI: code.asset.s3ObjectUrl,
    PROGRAM_SHA256: code.sha256,
    NODE_URI: node.asset.s3ObjectUrl,
    NODE_SHA256: node.sha256,
    ...(game && { SLOTS: String(game.slots) }),
    ...(game?.file && {
      GAME_URI: game.file.asset.s3ObjectUrl,
      GAME_SHA256: game.file.sha256,
      GAME_FILE: game.file.name,
    }),
    ...(healthUrl && { HEALTH_URL: healthUrl }),
  };
}

/** Whatever ends the script tells CloudFormation at once, or a bad boot would be noticed only when its wait is over. */
function signalLines({ stackName, logicalId, region }: NonNullable<BootProps['signal']>): readonly string[] {
  const target = `--stack '${stackName}' --resource '${logicalId}' --region '${region}'`;
  return [`trap '/opt/aws/bin/cfn-signal --exit-code $? ${target.replaceAll("'", '"')}' EXIT`];
}

/** The format of systemd's EnvironmentFile: in single quotes nothing but the quote itself is special. */
function environmentFile({ environment, arguments: args }: BootProps): string {
  const entries = { ...environment, ONEDOOR_ARGUMENTS: args.join(' ') };
  return Object.entries(entries)
    .map(([name, value]) => `${name}='${value}'`)
    .join('\n');
}

function startGame({ command, port }: BootGame): string {
  return ['#!/bin/bash', `export PORT=$((${port} + SLOT))`, command].join('\n');
}

/** A here-document with a quoted end: the shell leaves every character as it is. */
function file(path: string, text: string): readonly string[] {
  return [`cat > '${path}' <<'ONEDOOR_END'`, text, 'ONEDOOR_END'];
}
