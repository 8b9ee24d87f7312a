/**
 * Each construct in a stack of its own, with no more around it than it asks for. Take the one that you need:
 * `npx cdk synth --app "node examples/one-by-one/app.ts" Fleet`, after `npm run build:deploy`.
 */
import { App, Stack } from 'aws-cdk-lib';
import { type IVpc, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { parseDeployConfig } from '../../core/config/parse-deploy-config.ts';
import { AssignmentEndpoint } from '../../lib/assignment-endpoint.ts';
import { Door } from '../../lib/door.ts';
import { ExistingServers } from '../../lib/existing-servers.ts';
import { Observability } from '../../lib/observability.ts';
import { OnedoorStack } from '../../lib/onedoor-stack.ts';
import { ProgramVersions } from '../../lib/program-versions.ts';
import { Reaper } from '../../lib/reaper.ts';
import { RegistryWriters } from '../../lib/registry-writers.ts';
import { ServerDoor } from '../../lib/server-door.ts';
import { ServerFleet } from '../../lib/server-fleet.ts';
import { ServerRegistry } from '../../lib/server-registry.ts';
import { TicketKeys } from '../../lib/ticket-keys.ts';

function publicVpc(stack: Stack): IVpc {
  const subnetConfiguration = [{ name: 'Public', subnetType: SubnetType.PUBLIC }];
  return new Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0, subnetConfiguration }) as IVpc;
}

/** @param common the folder of the built programs, if it is not `dist` of this package */
function endpoint(stack: Stack, registry: ServerRegistry, common: { readonly bundles?: string }) {
  const vpc = publicVpc(stack);
  const keys = new TicketKeys(stack, 'Keys', { registry, ...common });
  return { vpc, keys, endpoint: new AssignmentEndpoint(stack, 'Endpoint', { vpc, registry, keys, ...common }) };
}

function door(stack: Stack, registry: ServerRegistry, common: { readonly bundles?: string }) {
  const parts = endpoint(stack, registry, common);
  const { loadBalancer, securityGroup: loadBalancerSecurityGroup, settings } = parts.endpoint;
  const props = { vpc: parts.vpc, keys: parts.keys, registry, loadBalancer, loadBalancerSecurityGroup, settings };
  return { ...parts, door: new Door(stack, 'Door', { ...props, ...common }) };
}

/** One stack for each construct, by the construct's name. */
export function stacks(app: App, bundles?: string): Readonly<Record<string, Stack>> {
  const common = bundles === undefined ? {} : { bundles };
  const alone = (name: string, make: (stack: Stack, registry: ServerRegistry) => unknown): Stack => {
    const stack = new Stack(app, name);
    make(stack, new ServerRegistry(stack, 'Registry'));
    return stack;
  };
  return {
    ServerRegistry: alone('Registry', () => {}),
    TicketKeys: alone('Keys', (stack, registry) => new TicketKeys(stack, 'Keys', { registry, ...common })),
    AssignmentEndpoint: alone('Endpoint', (stack, registry) => endpoint(stack, registry, common)),
    Door: alone('Door', (stack, registry) => door(stack, registry, common)),
    RegistryWriters: alone(
      'Writers',
      (stack, registry) => new RegistryWriters(stack, 'Writers', { registry, ...common }),
    ),
    Reaper: alone('Reaper', (stack, registry) => new Reaper(stack, 'Reaper', { registry, ...common })),
    ProgramVersions: alone(
      'Versions',
      (stack, registry) => new ProgramVersions(stack, 'Versions', { registry, ...common }),
    ),
    ServerFleet: alone('Fleet', (stack, registry) => {
      const imageId = 'ami-0123456789abcdef0';
      new ServerFleet(stack, 'Fleet', {
        vpc: publicVpc(stack),
        registry,
        app: 'my-game',
        capacity: 32,
        imageId,
        ...common,
      });
    }),
    ServerDoor: alone('ServerDoor', (stack, registry) => {
      const { vpc, endpoint: way } = endpoint(stack, registry, common);
      const { loadBalancer, securityGroup: loadBalancerSecurityGroup } = way;
      const ports = { port: 17_000, healthPort: 17_080 };
      const props = { vpc, registry, app: 'my-game', capacity: 32, imageId: 'ami-0123456789abcdef0', door: ports };
      const fleets = [new ServerFleet(stack, 'Fleet', { ...props, ...common })];
      new ServerDoor(stack, 'Door', { vpc, loadBalancer, loadBalancerSecurityGroup, fleets });
    }),
    ExistingServers: alone('Existing', (stack, registry) => {
      new ExistingServers(stack, 'Existing', { registry, join: 'my-servers', capacity: 32, ...common });
    }),
    Observability: alone('Watch', (stack, registry) => {
      const writers = new RegistryWriters(stack, 'Writers', { registry, ...common });
      const reaper = new Reaper(stack, 'Reaper', { registry, ...common });
      new Observability(stack, 'Watch', { ...door(stack, registry, common), writers, reaper });
    }),
    OnedoorStack: new OnedoorStack(app, 'Everything', { config: parseDeployConfig({}), ...common }),
  };
}

if (import.meta.main) {
  const app = new App();
  stacks(app);
  app.synth();
}
