/**
 * The prices that docs/COST.md and the output `DailyCost` reckon with: list prices in US dollars for us-east-1, without
 * free tiers, taxes and discounts. This is the only place where a price stands.
 */
export interface Price {
  readonly usd: number;
  /** What the dollars are for. */
  readonly per: string;
  /** The page of AWS where the price of the day stands. */
  readonly source: string;
  /** A public page that quotes this figure for us-east-1 and was read on `PRICES_DATE`. Absent: nobody confirmed it. */
  readonly quotedBy?: string;
}

export const PRICES_DATE = '2026-11-21';
/** In words: the template of a deployment names no region. */
export const PRICES_REGION = 'US East (N. Virginia)';

const ELB = 'https://aws.amazon.com/elasticloadbalancing/pricing/';
const LAMBDA = 'https://aws.amazon.com/lambda/pricing/';
const DYNAMODB = 'https://aws.amazon.com/dynamodb/pricing/on-demand/';
const CLOUDWATCH = 'https://aws.amazon.com/cloudwatch/pricing/';
const ON_DEMAND = 'https://aws.amazon.com/ec2/pricing/on-demand/';

const BALANCERS = 'https://clustercost.com/blog/network-load-balancer-pricing-2025';
const ARM_LAMBDA = 'https://cloudchipr.com/blog/aws-lambda-pricing';
const TABLE_UNITS = 'https://airbyte.com/data-engineering-resources/dynamodb-pricing';
const WATCHING = 'https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/';

export const PRICES = {
  nlbHour: { usd: 0.0225, per: 'hour of a network load balancer', source: ELB, quotedBy: BALANCERS },
  nlcuHour: { usd: 0.006, per: 'NLCU-hour', source: ELB },
  albHour: { usd: 0.0225, per: 'hour of an application load balancer', source: ELB, quotedBy: BALANCERS },
  lcuHour: { usd: 0.008, per: 'LCU-hour', source: ELB },
  ipv4Hour: {
    usd: 0.005,
    per: 'hour of a public IPv4 address',
    source: 'https://aws.amazon.com/vpc/pricing/',
    quotedBy: 'https://www.doit.com/aws-public-ipv4-price-increase-the-complete-guide/',
  },
  diskGibMonth: { usd: 0.08, per: 'GiB-month of a gp3 volume', source: 'https://aws.amazon.com/ebs/pricing/' },
  functionGbSecond: { usd: 0.0000133334, per: 'GB-second of an arm64 function', source: LAMBDA, quotedBy: ARM_LAMBDA },
  functionRequest: { usd: 0.0000002, per: 'request to a function', source: LAMBDA, quotedBy: ARM_LAMBDA },
  provisionedGbSecond: { usd: 0.0000033334, per: 'GB-second of provisioned concurrency on arm64', source: LAMBDA },
  writeUnit: { usd: 0.000000625, per: 'write request unit, on demand', source: DYNAMODB, quotedBy: TABLE_UNITS },
  readUnit: { usd: 0.000000125, per: 'read request unit, on demand', source: DYNAMODB, quotedBy: TABLE_UNITS },
  alarmMonth: { usd: 0.1, per: 'month of an alarm', source: CLOUDWATCH },
  dashboardMonth: { usd: 3, per: 'month of a dashboard', source: CLOUDWATCH, quotedBy: WATCHING },
  metricMonth: {
    usd: 0.3,
    per: 'month of a custom metric',
    source: CLOUDWATCH,
    quotedBy: 'https://signoz.io/guides/cloudwatch-pricing',
  },
  logGb: { usd: 0.5, per: 'GB of logs taken in', source: CLOUDWATCH, quotedBy: WATCHING },
  secretMonth: { usd: 0.4, per: 'month of a secret', source: 'https://aws.amazon.com/secrets-manager/pricing/' },
  /** What spot machines cost of the price on demand; it moves with supply and type. */
  spotShare: {
    usd: 0.4,
    per: 'dollar on demand, for a spot machine',
    source: 'https://aws.amazon.com/ec2/spot/pricing/',
  },
} as const satisfies Readonly<Record<string, Price>>;

/** Dollars an hour of one vCPU's worth of a family, on demand with Linux. */
const FAMILIES: Readonly<Record<string, number>> = {
  c6g: 0.034,
  c7g: 0.03625,
  m6g: 0.0385,
  m7g: 0.0408,
  c5: 0.0425,
  c6i: 0.0425,
  c7i: 0.044625,
  m5: 0.048,
  m6i: 0.048,
  m7i: 0.0504,
};

const VCPUS: Readonly<Record<string, number>> = {
  medium: 1,
  large: 2,
  xlarge: 4,
  '2xlarge': 8,
  '4xlarge': 16,
  '8xlarge': 32,
};

/** Burstable families: a size costs twice the one before; the number is that of `nano`. */
const BURSTABLE: Readonly<Record<string, number>> = { t4g: 0.0042, t3: 0.0052, t3a: 0.0047 };
const BURSTABLE_SIZES = ['nano', 'micro', 'small', 'medium', 'large', 'xlarge', '2xlarge'];

/** Dollars an hour that Windows adds for each vCPU. */
const WINDOWS_VCPU_HOUR = 0.046;
/** The same for burstable types, by size. */
const WINDOWS_BURSTABLE: Readonly<Record<string, number>> = {
  nano: 0.0046,
  micro: 0.0092,
  small: 0.0184,
  medium: 0.0184,
  large: 0.0276,
  xlarge: 0.0736,
  '2xlarge': 0.1472,
};

/** Where the prices of machines stand, and the pages that quote some of them (t3.micro, m7g.large, t3.large). */
export const MACHINE_SOURCES = [
  ON_DEMAND,
  'https://wring.co/blog/aws-ec2-pricing-guide',
  'https://go-cloud.io/?p=10607',
] as const;

/** Dollars an hour of a machine on demand, or undefined for a type whose price is not here. */
export function machineHour(type: string, platform: 'linux' | 'windows' = 'linux'): number | undefined {
  const [family = '', size = ''] = type.split('.');
  const isWindows = platform === 'windows';
  const step = BURSTABLE_SIZES.indexOf(size);
  const nano = BURSTABLE[family];
  if (nano !== undefined) {
    return step < 0 ? undefined : nano * 2 ** step + (isWindows ? (WINDOWS_BURSTABLE[size] ?? 0) : 0);
  }
  const vcpuHour = FAMILIES[family];
  const vcpus = VCPUS[size];
  if (vcpuHour === undefined || vcpus === undefined) return undefined;
  return vcpus * (vcpuHour + (isWindows ? WINDOWS_VCPU_HOUR : 0));
}
