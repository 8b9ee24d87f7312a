import type { Stack } from 'aws-cdk-lib';
import { ServerFleet } from '../../../lib/server-fleet.ts';
import type { ServerFleetProps } from '../../../lib/server-fleet-props.ts';
import { ServerRegistry } from '../../../lib/server-registry.ts';
import { aStack, aVpc, bundles } from './synth.ts';

/** A stack with one fleet of the app `arena`; say only what the test is about. */
export function aFleet(props: Partial<ServerFleetProps> = {}): Stack {
  const stack = aStack();
  new ServerFleet(stack, 'Fleet', {
    vpc: aVpc(stack),
    registry: new ServerRegistry(stack, 'Registry'),
    app: 'arena',
    capacity: 32,
    bundles,
    ...props,
  });
  return stack;
}
