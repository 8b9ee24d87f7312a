import { describe, expect, it } from 'vitest';
import { importGraph, UNTESTED } from '../../../tools/import-graph.ts';
import { importRules } from '../../../tools/import-rules.ts';
import { plantTree, type Tree } from '../../support/temp-tree.ts';

const PACKAGES = [
  '@aws-sdk/client-dynamodb',
  '@aws-sdk/client-ec2',
  '@aws-sdk/client-secrets-manager',
  'gamedig',
  'pino',
  'valibot',
  'aws-cdk-lib',
  'constructs',
  'commander',
  'uplot',
];

/** A small tree of this shape that breaks no rule. */
const CLEAN: Tree = {
  'package.json': JSON.stringify({
    name: 'tree',
    type: 'module',
    devDependencies: Object.fromEntries(PACKAGES.map((name) => [name, '1.0.0'])),
  }),
  ...Object.fromEntries(
    PACKAGES.flatMap((name) => [
      [
        `node_modules/${name}/package.json`,
        JSON.stringify({ name, version: '1.0.0', type: 'module', main: 'index.js' }),
      ],
      [`node_modules/${name}/index.js`, 'export const part = 1;\n'],
    ]),
  ),
  'core/errors.ts': 'export const refuse = 1;\n',
  'core/ports.ts': "import type { Row } from './registry/row.ts';\nexport interface Port { row: Row }\n",
  'core/registry/row.ts': 'export interface Row { pk: string }\n',
  'core/wire/text.ts': "export { refuse as text } from '../errors.ts';\n",
  'core/select/pick.ts': "import type { Port } from '../ports.ts';\nexport const pick = (port: Port) => port;\n",
  'core/ticket/encode.ts': "export { text as encode } from '../wire/text.ts';\n",
  'core/session/session.ts': "export { helper as session } from './helper.ts';\n",
  'core/session/helper.ts': "export { encode as helper } from '../ticket/encode.ts';\n",
  'core/config/config.ts': 'export const config = 1;\n',
  'adapters/dynamodb/store.ts':
    "import { part } from '@aws-sdk/client-dynamodb';\nimport type { Port } from '../../core/ports.ts';\nexport const store = (port: Port) => [port, part];\n",
  'adapters/http/schemas.ts': "export { part as schemas } from 'valibot';\n",
  'adapters/aws/access.ts': "export { part as access } from '@aws-sdk/client-dynamodb';\n",
  'adapters/cli/flags.ts': "export { part as flags } from 'commander';\n",
  'adapters/ec2/identity.ts': "export { part as identity } from '@aws-sdk/client-ec2';\n",
  'adapters/load/query.ts': "export { part as query } from 'gamedig';\n",
  'adapters/system/logger.ts': "export { part as logger } from 'pino';\n",
  'adapters/secrets/load.ts': "export { part as load } from '@aws-sdk/client-secrets-manager';\n",
  'adapters/udp/socket.ts': "export { createSocket } from 'node:dgram';\n",
  'lambda/assign.ts': "export { store } from '../adapters/dynamodb/store.ts';\n",
  'agents/main.ts': "export { createSocket } from '../adapters/udp/socket.ts';\n",
  'door/main.ts': "export { createSocket } from '../adapters/udp/socket.ts';\n",
  'page/wire.ts': 'export const step = 1;\n',
  'page/server/page.ts': "export { step as page } from '../wire.ts';\n",
  'page/web/main.ts': "export { step } from '../wire.ts';\nexport { part } from 'uplot';\n",
  'client/index.ts': "import 'node:dgram';\nexport { session } from '../core/session/session.ts';\n",
  'local/main.ts':
    "import { part } from 'commander';\nimport { session } from '../client/index.ts';\nexport const local = [part, session];\n",
  'lib/stack.ts':
    "import { part } from 'aws-cdk-lib';\nimport { join } from 'node:path';\nimport { config } from '../core/config/config.ts';\nexport const stack = [part, join, config];\n",
  'bin/app.ts':
    "import { stack } from '../lib/stack.ts';\nimport { part } from 'aws-cdk-lib';\nexport const app = [part, stack];\n",
  'tools/build.ts': 'export const build = 1;\n',
  'test/unit/all.test.ts': ['errors', 'wire/text', 'select/pick', 'ticket/encode', 'session/session', 'config/config']
    .map((name) => `import '../../core/${name}.ts';\n`)
    .join(''),
};

/** For every rule the files that break it, laid over the clean tree. */
const FAULTS: Readonly<Record<string, readonly Tree[]>> = {
  'core-is-pure': [
    { 'core/errors.ts': "import 'node:fs';\nexport const refuse = 1;\n" },
    {
      'core/errors.ts':
        "import type { part } from 'gamedig';\nexport type Part = typeof part;\nexport const refuse = 1;\n",
    },
    { 'core/errors.ts': "export const refuse = () => import('../adapters/udp/socket.ts');\n" },
  ],
  'core-wire-sees-its-list': [{ 'core/wire/text.ts': "import '../ports.ts';\nexport const text = 1;\n" }],
  'core-registry-sees-its-list': [{ 'core/registry/row.ts': "export { text as Row } from '../wire/text.ts';\n" }],
  'core-select-sees-its-list': [{ 'core/select/pick.ts': "export { text as pick } from '../wire/text.ts';\n" }],
  'core-ticket-sees-its-list': [
    { 'core/ticket/encode.ts': "export type { Row as encode } from '../registry/row.ts';\n" },
  ],
  'core-session-sees-its-list': [
    { 'core/session/session.ts': "export { pick as session } from '../select/pick.ts';\n" },
  ],
  'adapter-account-has-its-package': [{ 'adapters/account/account.ts': "export { part as account } from 'pino';\n" }],
  'adapter-cloudformation-has-its-package': [
    { 'adapters/cloudformation/outputs.ts': "export { part as outputs } from 'pino';\n" },
  ],
  'cli-composes': [
    { 'cli/main.ts': "export { part as cli } from 'aws-cdk-lib';\n" },
    { 'cli/main.ts': "export { local as cli } from '../local/main.ts';\n" },
  ],
  'adapter-autoscaling-has-its-package': [
    { 'adapters/autoscaling/groups.ts': "export { part as groups } from 'commander';\n" },
  ],
  'adapter-aws-has-its-package': [{ 'adapters/aws/access.ts': "export { part as access } from 'commander';\n" }],
  'adapter-cli-has-its-package': [{ 'adapters/cli/flags.ts': "export { part as flags } from 'pino';\n" }],
  'adapter-dynamodb-has-its-package': [
    { 'adapters/dynamodb/store.ts': "export { part as store } from '@aws-sdk/client-ec2';\n" },
    { 'adapters/dynamodb/store.ts': "export { createSocket as store } from '../udp/socket.ts';\n" },
  ],
  'adapter-ec2-has-its-package': [{ 'adapters/ec2/identity.ts': "export { part as identity } from 'commander';\n" }],
  'adapter-http-has-its-package': [{ 'adapters/http/schemas.ts': "export { part as schemas } from 'commander';\n" }],
  'adapter-cloudwatch-has-its-package': [{ 'adapters/cloudwatch/log.ts': "export { part as log } from 'pino';\n" }],
  'adapter-metrics-has-its-package': [{ 'adapters/metrics/emf.ts': "export { part as emf } from 'pino';\n" }],
  'adapter-load-has-its-package': [
    { 'adapters/load/query.ts': "export { createSocket as query } from '../udp/socket.ts';\n" },
  ],
  'adapter-secrets-has-its-package': [{ 'adapters/secrets/load.ts': "export { part as load } from 'pino';\n" }],
  'adapter-system-has-its-package': [{ 'adapters/system/logger.ts': "export { part as logger } from 'commander';\n" }],
  'adapter-stands-alone': [
    { 'adapters/udp/socket.ts': "export { part as createSocket } from 'commander';\n" },
    { 'adapters/udp/socket.ts': "export { identity as createSocket } from '../ec2/identity.ts';\n" },
  ],
  'lambda-composes': [{ 'lambda/assign.ts': "export { part as store } from '@aws-sdk/client-dynamodb';\n" }],
  'agents-compose': [{ 'agents/main.ts': "export { store } from '../lambda/assign.ts';\n" }],
  'door-composes': [{ 'door/main.ts': "export { createSocket } from '../agents/main.ts';\n" }],
  'page-server-composes': [
    { 'page/server/page.ts': "export { step as page } from '../web/main.ts';\n" },
    { 'page/server/page.ts': "export { part as page } from 'uplot';\n" },
  ],
  'page-in-the-browser': [
    { 'page/web/main.ts': "export { pick } from '../../core/select/pick.ts';\n" },
    { 'page/web/main.ts': "import 'node:fs';\nexport { step } from '../wire.ts';\n" },
  ],
  'client-is-light': [
    { 'client/index.ts': "export { encode as session } from '../core/ticket/encode.ts';\n" },
    { 'client/index.ts': "export { part as session } from 'commander';\n" },
  ],
  'local-has-no-cdk': [{ 'local/main.ts': "export { stack as local } from '../lib/stack.ts';\n" }],
  'bin-sees-lib': [{ 'bin/app.ts': "export { store } from '../lambda/assign.ts';\n" }],
  'lib-sees-cdk-and-config': [
    { 'lib/stack.ts': "export { connect as stack } from 'node:net';\n" },
    { 'lib/stack.ts': "export { store as stack } from '../lambda/assign.ts';\n" },
  ],
  'core-never-reaches-aws': [
    {
      'core/errors.ts': "export { store as refuse } from '../adapters/dynamodb/store.ts';\n",
      'core/ports.ts': 'export type Port = 1;\n',
    },
  ],
  'runtime-never-reaches-cdk': [
    { 'adapters/udp/socket.ts': "export { stack as createSocket } from '../../lib/stack.ts';\n" },
  ],
  'nobody-imports-tests-or-tools': [
    { 'lambda/assign.ts': "export { build } from '../tools/build.ts';\n" },
    { 'door/main.ts': "import '../test/unit/all.test.ts';\n" },
  ],
  'no-circular': [
    { 'core/registry/row.ts': "import type { Port } from '../ports.ts';\nexport interface Row { port: Port }\n" },
  ],
  'no-unresolved': [{ 'door/main.ts': "import 'no-such-package';\n" }, { 'door/main.ts': "import './nowhere.ts';\n" }],
  [UNTESTED]: [
    { 'core/select/lonely.ts': 'export const lonely = 1;\n' },
    {
      'core/ticket/lonely.ts': 'export const lonely = 1;\n',
      'core/session/session.ts': "export { lonely as session } from '../ticket/lonely.ts';\n",
    },
  ],
};

const plant = (fault: Tree): string => plantTree({ ...CLEAN, ...fault });

describe('the import rules', () => {
  it('find nothing wrong with a tree that follows them', async () => {
    const graph = await importGraph(plant({}));

    expect(graph.violations).toEqual([]);
    expect(graph.modules).toBe(Object.keys(CLEAN).filter((path) => path.endsWith('.ts')).length);
  });

  it('each have a planted fault', () => {
    const rules = [...importRules().map(({ name }) => name), UNTESTED];

    expect(new Set(rules).size).toBe(rules.length);
    expect(Object.keys(FAULTS).sort()).toEqual([...rules].sort());
  });

  const faults = Object.entries(FAULTS).flatMap(([rule, trees]) => trees.map((tree) => [rule, tree] as const));

  it.each(faults)('fire at a planted fault: %s', async (rule, tree) => {
    const graph = await importGraph(plant(tree));

    expect(graph.violations.map((violation) => violation.rule)).toContain(rule);
  });
}, 30_000);
