import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroupsCommand,
  SetInstanceProtectionCommand,
} from '@aws-sdk/client-auto-scaling';
import { OnedoorError } from '../../core/errors.ts';
import type { FleetMachine } from '../../core/registry/fleet-plan.ts';

/** Most groups in one call of DescribeAutoScalingGroups, most instances in one of SetInstanceProtection. */
const GROUPS = 100;
const INSTANCES = 50;
const TIMEOUT_MS = 5_000;

export interface FleetGroups {
  /** The machines of these groups. Throws OnedoorError `ec2.unreachable`, as the others do. */
  machines(groups: readonly string[]): Promise<readonly FleetMachine[]>;
  /** Lets scale-in spare these machines, or no longer. */
  guard(machines: readonly FleetMachine[], on: boolean): Promise<void>;
  /** Ends the wait of a leaving machine at hook `hook`. False: it does not wait there (any more). */
  release(machine: FleetMachine, hook: string): Promise<boolean>;
}

export interface FleetGroupsOptions {
  /** Of Auto Scaling. @default the SDK's */
  readonly endpoint?: string;
}

function batches<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size));
}

export function createFleetGroups({ endpoint }: FleetGroupsOptions = {}): FleetGroups {
  const requestHandler = { connectionTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS, throwOnRequestTimeout: true };
  const client = new AutoScalingClient({ ...(endpoint !== undefined && { endpoint }), maxAttempts: 3, requestHandler });

  async function call<T>(operation: string, send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      const reason = error instanceof Error ? error.name : String(error);
      throw new OnedoorError('ec2.unreachable', { operation, reason }, { cause: error });
    }
  }

  return {
    async machines(groups) {
      const found: FleetMachine[] = [];
      for (const names of batches(groups, GROUPS)) {
        const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: names, MaxRecords: GROUPS });
        const reply = await call('DescribeAutoScalingGroups', () => client.send(command));
        for (const { AutoScalingGroupName: group = '', Instances = [] } of reply.AutoScalingGroups ?? []) {
          for (const { InstanceId: id = '', LifecycleState, ProtectedFromScaleIn } of Instances) {
            const leaving = LifecycleState === 'Terminating:Wait';
            // A machine that is neither in service nor waiting can be neither guarded nor released.
            if (!leaving && LifecycleState !== 'InService') continue;
            found.push({ id, group, leaving, guarded: ProtectedFromScaleIn === true });
          }
        }
      }
      return found;
    },
    async guard(machines, on) {
      for (const [group, members] of Map.groupBy(machines, (machine) => machine.group)) {
        for (const batch of batches(members, INSTANCES)) {
          const command = new SetInstanceProtectionCommand({
            AutoScalingGroupName: group,
            InstanceIds: batch.map(({ id }) => id),
            ProtectedFromScaleIn: on,
          });
          await call('SetInstanceProtection', () => client.send(command));
        }
      }
    },
    async release({ group, id }, hook) {
      const command = new CompleteLifecycleActionCommand({
        AutoScalingGroupName: group,
        LifecycleHookName: hook,
        InstanceId: id,
        LifecycleActionResult: 'CONTINUE',
      });
      try {
        await call('CompleteLifecycleAction', () => client.send(command));
        return true;
      } catch (error) {
        // The hook's own time may have ended in between: then there is nothing left to complete.
        const cause = error instanceof OnedoorError ? error.cause : undefined;
        if (cause instanceof Error && cause.name === 'ValidationError') return false;
        throw error;
      }
    },
  };
}
