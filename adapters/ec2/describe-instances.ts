import { DescribeInstancesCommand, EC2Client, EC2ServiceException, type Instance } from '@aws-sdk/client-ec2';
import { OnedoorError } from '../../core/errors.ts';
import type { DescribedInstance } from '../../core/registry/registrar.ts';

/** Ids in one call: EC2 advises small sets, and throttles large answers. */
const BATCH = 100;
/** Answers that mean "one of these ids names nothing", which spoils the whole call. */
const NO_SUCH_ID = ['InvalidInstanceID.NotFound', 'InvalidInstanceID.Malformed'];

export interface Ec2Options {
  /** @default the SDK's: AWS_ENDPOINT_URL_EC2, else the region's. */
  readonly endpoint?: string;
  /** @default the SDK's: AWS_REGION. */
  readonly region?: string;
  /** @default the SDK's chain. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Longest connecting and longest answering of one try. @default 5000 */
  readonly timeoutMs?: number;
}

/** Asks EC2 about machines: those that it does not know are missing in the answer. Throws `ec2.unreachable`. */
export type DescribeInstances = (ids: readonly string[]) => Promise<ReadonlyMap<string, DescribedInstance>>;

function described(instance: Instance): DescribedInstance[] {
  const { InstanceId: id, PublicIpAddress: publicIpv4 } = instance;
  if (id === undefined) return [];
  const addresses = instance.NetworkInterfaces?.flatMap((port) => port.Ipv6Addresses ?? []);
  const ipv6 = instance.Ipv6Address ?? addresses?.[0]?.Ipv6Address;
  const tags = (instance.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']);
  return [
    {
      id,
      state: instance.State?.Name ?? 'unknown',
      ...(publicIpv4 !== undefined && { publicIpv4 }),
      ...(ipv6 !== undefined && { ipv6 }),
      zone: instance.Placement?.AvailabilityZone ?? '',
      tags: Object.fromEntries(tags),
    },
  ];
}

/** The ids without those that the error names, or undefined if it names none. */
function withoutNamed(ids: readonly string[], message: string): readonly string[] | undefined {
  const named = new Set(message.match(/[\w-]+/g) ?? []);
  const rest = ids.filter((id) => !named.has(id));
  return rest.length < ids.length ? rest : undefined;
}

export function createDescribeInstances(options: Ec2Options = {}): DescribeInstances {
  const { timeoutMs = 5_000, ...rest } = options;
  const requestHandler = { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true };
  const client = new EC2Client({ ...rest, maxAttempts: 3, requestHandler });

  /** One batch. Ids that name nothing are left out and the others asked again; if EC2 does not say which, by halves. */
  async function ask(ids: readonly string[]): Promise<DescribedInstance[]> {
    if (ids.length === 0) return [];
    try {
      const reply = await client.send(new DescribeInstancesCommand({ InstanceIds: [...ids] }));
      return (reply.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []).flatMap(described);
    } catch (error) {
      if (!(error instanceof EC2ServiceException && NO_SUCH_ID.includes(error.name))) {
        const reason = error instanceof Error ? error.name : String(error);
        throw new OnedoorError('ec2.unreachable', { instances: ids.length, reason }, { cause: error });
      }
      const known = withoutNamed(ids, error.message);
      if (known) return ask(known);
      const middle = Math.ceil(ids.length / 2);
      return ids.length === 1 ? [] : [...(await ask(ids.slice(0, middle))), ...(await ask(ids.slice(middle)))];
    }
  }

  return async (ids) => {
    const unique = [...new Set(ids)];
    const found: DescribedInstance[] = [];
    for (let at = 0; at < unique.length; at += BATCH) found.push(...(await ask(unique.slice(at, at + BATCH))));
    return new Map(found.map((instance) => [instance.id, instance]));
  };
}
