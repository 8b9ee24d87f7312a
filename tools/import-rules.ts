/**
 * Who may import whom: docs/ARCHITECTURE.md as rules for dependency-cruiser. Paths are relative to the repository.
 * test/unit/tools/import-graph.test.ts plants one fault for every rule, so no rule can be here that cannot fire.
 */
import type { IForbiddenRuleType } from 'dependency-cruiser';

const CDK = '^node_modules/(aws-cdk-lib|constructs|cdk-nag)/';
/** Reads the flags of the programs that people start. */
const COMMANDER = '^node_modules/commander/';
/** The deployer's own policies. */
const OWN_POLICIES = '^onedoor\\.policies\\.ts$';
/** Draws the page's plots. */
const PLOTS = '^node_modules/uplot/';
const PAGE_SERVER = '^page/(server/|wire\\.ts$)';
const AWS = '^node_modules/(@aws-sdk|@smithy|aws-cdk-lib|constructs|cdk-nag)/';

/** What each part of core may import beside itself, as patterns under `core/`. The parts not named see all of core. */
const CORE_PARTS: Readonly<Record<string, readonly string[]>> = {
  wire: ['errors\\.ts$'],
  registry: ['errors\\.ts$', 'ports\\.ts$'],
  select: ['registry/', 'errors\\.ts$', 'once-per\\.ts$', 'ports\\.ts$'],
  ticket: ['wire/', 'errors\\.ts$', 'once-per\\.ts$', 'ports\\.ts$'],
  session: ['wire/', 'ticket/', 'errors\\.ts$', 'ports\\.ts$'],
};

/** Signed calls to AWS, for the adapters that make them often or early. */
const CALLS = '^adapters/aws/';

/** The packages of an adapter: the outside thing that it adapts. Any other adapter has Node's own modules only. */
const ADAPTER_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  account: ['@aws-sdk/client-service-quotas', '@aws-sdk/client-sts'],
  autoscaling: ['@aws-sdk/client-auto-scaling'],

  aws: ['@aws-sdk/client-dynamodb'],
  cli: ['commander'],
  cloudformation: ['@aws-sdk/client-cloudformation'],
  cloudwatch: [CALLS],
  dynamodb: ['@aws-sdk/client-dynamodb', CALLS],
  ec2: ['@aws-sdk/client-ec2'],
  http: ['valibot'],
  load: ['gamedig'],
  metrics: ['@aws-lambda-powertools/metrics'],
  secrets: ['@aws-sdk/client-secrets-manager', CALLS],
  system: ['pino'],
};

/** An allow-list: modules under `from` import nothing but what `may` names. Node's own modules are told apart by type. */
function onlyImports(name: string, from: string, may: readonly string[], node: boolean): IForbiddenRuleType {
  return {
    name,
    severity: 'error',
    from: { path: from },
    to: { pathNot: [...may], ...(node && { dependencyTypesNot: ['core'] }) },
  };
}

function neverReaches(name: string, from: string, to: string): IForbiddenRuleType {
  return { name, severity: 'error', from: { path: from }, to: { path: to, reachable: true } };
}

function packagePath(name: string): string {
  return `^node_modules/${name}/`;
}

function coreRules(): IForbiddenRuleType[] {
  const parts = Object.entries(CORE_PARTS).map(([part, may]) =>
    onlyImports(
      `core-${part}-sees-its-list`,
      `^core/${part}/`,
      [part, ...may].map((path) => `^core/${path}`),
      false,
    ),
  );
  return [onlyImports('core-is-pure', '^core/', ['^core/'], false), ...parts];
}

function adapterRules(): IForbiddenRuleType[] {
  const named = Object.entries(ADAPTER_PACKAGES).map(([adapter, packages]) =>
    onlyImports(
      `adapter-${adapter}-has-its-package`,
      `^adapters/${adapter}/`,
      ['^core/', `^adapters/${adapter}/`, ...packages.map((name) => (name === CALLS ? CALLS : packagePath(name)))],
      true,
    ),
  );
  const others = onlyImports('adapter-stands-alone', '^adapters/([^/]+)/', ['^core/', '^adapters/$1/'], true);
  const from = {
    path: '^adapters/([^/]+)/',
    pathNot: Object.keys(ADAPTER_PACKAGES).map((name) => `^adapters/${name}/`),
  };
  return [...named, { ...others, from } as IForbiddenRuleType];
}

function programRules(): IForbiddenRuleType[] {
  return [
    onlyImports('lambda-composes', '^lambda/', ['^(core|adapters|lambda)/', OWN_POLICIES], true),
    onlyImports('agents-compose', '^agents/', ['^(core|adapters|agents)/', COMMANDER], true),
    onlyImports('door-composes', '^door/', ['^(core|adapters|door)/', PAGE_SERVER, OWN_POLICIES, COMMANDER], true),
    onlyImports('page-server-composes', '^page/server/', ['^(core|adapters)/', PAGE_SERVER], true),
    onlyImports('page-in-the-browser', '^page/(web/|wire)', ['^page/(web/|wire)', PLOTS], false),
    onlyImports('client-is-light', '^client/', ['^client/', '^core/(wire|session)/', '^core/errors\\.ts$'], true),
    onlyImports(
      'local-has-no-cdk',
      '^local/',
      [
        '^(core|adapters|lambda|agents|door|client|local)/',
        PAGE_SERVER,
        OWN_POLICIES,
        '^node_modules/(?!(aws-cdk-lib|constructs|cdk-nag)/)',
      ],
      true,
    ),
    onlyImports(
      'cli-composes',
      '^cli/',
      [
        '^(core|adapters|cli|client)/',
        '^agents/enrol\\.ts$',
        '^local/running\\.ts$',
        '^onedoor\\.config\\.ts$',
        COMMANDER,
      ],
      true,
    ),
    onlyImports(
      'bin-sees-lib',
      '^bin/',
      ['^(bin|lib)/', '^core/(config|select)/', '^onedoor\\.config\\.ts$', OWN_POLICIES, CDK],
      false,
    ),
    // fs and crypto: a boot script names the SHA-256 of each file that a machine fetches.
    onlyImports(
      'lib-sees-cdk-and-config',
      '^lib/',
      ['^lib/', '^core/(config|cost)/', CDK, '^(node:)?(path|url|fs|crypto)$'],
      false,
    ),
  ];
}

function wholeTreeRules(): IForbiddenRuleType[] {
  return [
    neverReaches('core-never-reaches-aws', '^core/', AWS),
    neverReaches('runtime-never-reaches-cdk', '^(core|adapters|lambda|agents|door|client|local|cli|page)/', CDK),
    {
      name: 'nobody-imports-tests-or-tools',
      severity: 'error',
      from: { pathNot: '^(test|bench|tools|examples)/|^[^/]+\\.config\\.ts$' },
      to: { path: '^(test|bench|tools|examples)/' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ];
}

/** All rules on imports. */
export function importRules(): IForbiddenRuleType[] {
  return [...coreRules(), ...adapterRules(), ...programRules(), ...wholeTreeRules()];
}
