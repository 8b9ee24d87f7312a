import { type Account, createAccount, type Quota } from '../../adapters/account/account.ts';
import type { DeployConfig } from '../../core/config/deploy-config.ts';
import { bad, type Finding, ok, skip, warn } from './check.ts';

/** One quota, and how much of it the configuration needs at its most. */
interface Need extends Quota {
  readonly name: string;
  readonly needs: (config: DeployConfig) => number;
}

/** vCPUs of the types that have neither 2 nor a size in their name are taken for 2. */
const VCPUS: Readonly<Record<string, number>> = {
  xlarge: 4,
  '2xlarge': 8,
  '4xlarge': 16,
  '8xlarge': 32,
  '12xlarge': 48,
};

function vcpusOf(type: string): number {
  return VCPUS[type.split('.')[1] ?? ''] ?? 2;
}

/** Codes as the Service Quotas console has them; docs/DEPLOY.md says what each is needed for. */
const NEEDS: readonly Need[] = [
  {
    name: 'EC2 vCPUs (on-demand, standard)',
    service: 'ec2',
    code: 'L-1216C47A',
    needs: ({ gateway, fleets, door }) =>
      (door === 'gateways' ? gateway.max * vcpusOf(gateway.instanceType) : 0) +
      fleets
        .filter(({ purchase }) => purchase === 'on-demand')
        .reduce((sum, { max, instanceTypes }) => sum + max * vcpusOf(instanceTypes[0] ?? ''), 0),
  },
  { name: 'Elastic IPs', service: 'ec2', code: 'L-0263D0A3', needs: ({ network }) => network.maxAzs },
  // One is reserved for the roster function, and Lambda wants 10 left for all others (Lambda Developer Guide).
  { name: 'Lambda concurrent executions', service: 'lambda', code: 'L-B99A9384', needs: () => 11 },
];

/** Whose credentials these are, and whether the account may have what the configuration needs. */
export async function checkAccount(
  config: DeployConfig,
  account: Account = createAccount(),
): Promise<readonly Finding[]> {
  try {
    const { account: id, arn, region } = await account.identity();
    return [ok('credentials', `${arn} in account ${id}, region ${region}`), ...(await checkQuotas(config, account))];
  } catch (error) {
    const { name, message } = error as Error;
    return [bad('credentials', `${name}: ${message.split('\n')[0]}`, remedyFor(error as Error))];
  } finally {
    account.close();
  }
}

function remedyFor({ name, message }: Error): string {
  if (/region/i.test(message)) return 'set AWS_REGION, or `aws configure set region …`';
  if (/expired/i.test(`${name} ${message}`)) return 'log in again: `aws sso login`, or fetch new keys';
  if (name === 'CredentialsProviderError') return 'log in: `aws configure`, `aws sso login`, or AWS_PROFILE';
  return 'try `aws sts get-caller-identity`: it must answer';
}

async function checkQuotas(config: DeployConfig, account: Account): Promise<readonly Finding[]> {
  return await Promise.all(
    NEEDS.map(async (need) => {
      const { name, service, code, needs } = need;
      const has = await account.quota(need);
      const wanted = needs(config);
      const about = `quota ${name}`;
      if (has === undefined) return skip(about, `cannot be asked; the configuration needs ${wanted}`);
      if (has >= wanted) return ok(about, `${has}, the configuration needs ${wanted}`);
      return warn(
        about,
        `${has}, the configuration needs ${wanted}`,
        `ask for more: aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value ${wanted}`,
      );
    }),
  );
}
