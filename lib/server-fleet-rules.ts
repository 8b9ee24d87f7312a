import type { Duration } from 'aws-cdk-lib';
import { InstanceArchitecture, InstanceType } from 'aws-cdk-lib/aws-ec2';
import { AGENT_API_PORT } from '../core/config/fleet-rules.ts';
import { AGENT_BUNDLE, checkBundles, nodeBundle } from './bundles.ts';
import { checkInteger, checkProps, checkThat } from './checks.ts';
import { checkLoad, checkPorts, checkTagText, TAG_TEXT } from './server-checks.ts';
import type { ServerFleetProps } from './server-fleet-props.ts';

/** The props of a fleet that have defaults, with these filled in. */
interface Resolved {
  readonly slots: number;
  readonly minCapacity: number;
  readonly maxCapacity: number;
  readonly ports: Readonly<Record<string, number>>;
  readonly instanceTypes: readonly InstanceType[];
  readonly bundles: string;
}

type Platform = ServerFleetProps['platform'];

/** The image of Windows Server has this many already. */
const WINDOWS_DISK_GIB = 30;

export function defaultDisk(platform: Platform): number {
  return platform === 'windows' ? WINDOWS_DISK_GIB : 8;
}

export function defaultTypes(platform: Platform): readonly InstanceType[] {
  return [new InstanceType(platform === 'windows' ? 't3.medium' : 't4g.small')];
}

/** Throws ConfigError with every mistake in the props of a fleet. */
export function checkFleet(props: ServerFleetProps, resolved: Resolved): void {
  const { slots, minCapacity, maxCapacity, ports, instanceTypes, bundles } = resolved;
  const architecture = instanceTypes[0]?.architecture;
  checkProps(
    checkTagText('app', props.app),
    checkTagText('world', props.world),
    checkTagText('serverGroup', props.serverGroup),
    validateLabels(props.labels),
    checkInteger('capacity', props.capacity, 1, 100_000),
    checkInteger('slots', slots, 1, 100),
    checkInteger('minCapacity', minCapacity, 0, 10_000),
    checkInteger('maxCapacity', maxCapacity, 0, 10_000),
    checkInteger('diskGib', props.diskGib, props.platform === 'windows' ? WINDOWS_DISK_GIB : 2, 16_384),
    checkInteger('targetUsePercent', props.targetUsePercent, 10, 95),
    validateOrder(minCapacity, maxCapacity),
    checkPorts(ports, slots),
    validateDoor(props.door, ports, slots),
    validateTypes(instanceTypes),
    validateGame(props),
    validateLines(props),
    checkLoad(props.load),
    validateDrain(props.drainTime),
    validatePlatform(props, instanceTypes),
    architecture && checkBundles(bundles, AGENT_BUNDLE, nodeBundle(architecture, props.platform === 'windows')),
  );
}

/** A client that is sent here by this machine's own door reaches it on another port, or the flows share a 5-tuple. */
function validateDoor(
  door: ServerFleetProps['door'],
  ports: Readonly<Record<string, number>>,
  slots: number,
): string | undefined {
  if (!door) return undefined;
  const own = Object.values(door);
  const ranges = [...Object.values(ports), AGENT_API_PORT];
  const holds =
    own.every((port) => Number.isInteger(port) && port >= 1 && port <= 65_535) &&
    door.port !== door.healthPort &&
    own.every((port) => ranges.every((first) => port < first || port >= first + slots));
  return checkThat(holds, 'door', `two ports apart from the servers' and from ${AGENT_API_PORT}`, door);
}

function validateLabels(labels: Readonly<Record<string, string>> = {}): string | undefined {
  const holds =
    Object.keys(labels).length <= 8 &&
    Object.entries(labels)
      .flat()
      .every((text) => TAG_TEXT.test(text));
  return checkThat(holds, 'labels', 'at most 8 names and values of 1 to 32 characters each', labels);
}

function validateOrder(min: number, max: number): string | undefined {
  return checkThat(min <= max, 'maxCapacity', `at least minCapacity (${min})`, max);
}

function validateTypes(types: readonly InstanceType[]): string | undefined {
  const architectures = new Set(types.map(({ architecture }) => architecture));
  const must = 'one or more types of one architecture';
  return checkThat(architectures.size === 1, 'instanceTypes', must, types.map(String).join(', ') || 'none');
}

function validatePlatform({ platform }: ServerFleetProps, types: readonly InstanceType[]): string | undefined {
  const holds = platform !== 'windows' || types.every((type) => type.architecture === InstanceArchitecture.X86_64);
  return checkThat(holds, 'instanceTypes', 'x64 types, since Windows runs on no other', types.map(String).join(', '));
}

function validateGame({ gameFile, gameInstall, gameCommand }: ServerFleetProps): string | undefined {
  const holds = gameCommand !== undefined || (gameFile === undefined && gameInstall === undefined);
  return checkThat(holds, 'gameCommand', 'given with gameFile and gameInstall', gameCommand);
}

/** The script puts them into here-documents and files, line by line. */
function validateLines({ gameInstall, gameCommand }: ServerFleetProps): string | undefined {
  const holds = ![gameInstall, gameCommand].some((command) => command?.split('\n').includes('ONEDOOR_END'));
  return checkThat(holds, 'gameCommand', 'without a line ONEDOOR_END, as gameInstall', gameCommand);
}

function validateDrain(time: Duration | undefined): string | undefined {
  const seconds = time?.toSeconds() ?? 3600;
  return checkThat(seconds >= 30 && seconds <= 7200, 'drainTime', 'between 30 and 7200 s', `${seconds} s`);
}
