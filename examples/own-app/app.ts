/**
 * The constructs one by one, in an application of your own: a door for HTTP clients alone, and one fleet. Run it with
 * `npx cdk synth --app "node examples/own-app/app.ts"` after `npm run build:deploy`.
 */
import { App, Stack } from 'aws-cdk-lib';
import { type IVpc, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { AssignmentEndpoint } from '../../lib/assignment-endpoint.ts';
import { Reaper } from '../../lib/reaper.ts';
import { RegistryWriters } from '../../lib/registry-writers.ts';
import { ServerFleet } from '../../lib/server-fleet.ts';
import { ServerRegistry } from '../../lib/server-registry.ts';
import { TicketKeys } from '../../lib/ticket-keys.ts';

/** @param bundles folder of the built programs; by default `dist` of this package */
export function ownStack(app: App, bundles?: string): Stack {
  const stack = new Stack(app, 'MyGame');
  const common = bundles === undefined ? {} : { bundles };
  const vpc = new Vpc(stack, 'Vpc', {
    natGateways: 0,
    subnetConfiguration: [{ name: 'Public', subnetType: SubnetType.PUBLIC }],
  }) as IVpc;
  const registry = new ServerRegistry(stack, 'Registry');
  const keys = new TicketKeys(stack, 'Keys', { registry, ...common });
  const { settings } = new AssignmentEndpoint(stack, 'Door', {
    ...{ vpc, registry, keys, ...common },
    settings: { deployment: 'my-game', defaultApp: 'my-game' },
  });
  new RegistryWriters(stack, 'Writers', { registry, settings, ...common });
  const fleet = new ServerFleet(stack, 'Fleet', {
    ...{ vpc, registry, settings, ...common },
    deployment: 'my-game',
    app: 'my-game',
    capacity: 32,
    // The image has the game and starts it on port 7777.
    imageId: 'ami-0123456789abcdef0',
  });
  new Reaper(stack, 'Reaper', { registry, settings, fleets: [fleet], ...common });
  return stack;
}

if (import.meta.main) {
  const app = new App();
  ownStack(app);
  app.synth();
}
