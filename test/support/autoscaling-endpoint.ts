import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Machine {
  readonly group: string;
  state: string;
  guarded: boolean;
}

/** Auto Scaling as far as the reaper asks it (Amazon EC2 Auto Scaling API Reference, query protocol). */
export interface AutoScalingEndpoint {
  readonly endpoint: string;
  readonly machines: Map<string, Machine>;
  /** Refuses every call. */
  isRefusing: boolean;
  close(): Promise<void>;
}

function described(groups: readonly string[], machines: ReadonlyMap<string, Machine>): string {
  const members = groups.map((group) => {
    const instances = [...machines]
      .filter(([, machine]) => machine.group === group)
      .map(
        ([id, { state, guarded }]) =>
          `<member><InstanceId>${id}</InstanceId><LifecycleState>${state}</LifecycleState>` +
          `<ProtectedFromScaleIn>${guarded}</ProtectedFromScaleIn></member>`,
      );
    return `<member><AutoScalingGroupName>${group}</AutoScalingGroupName><Instances>${instances.join('')}</Instances></member>`;
  });
  return `<AutoScalingGroups>${members.join('')}</AutoScalingGroups>`;
}

/** The members of a list in a query: `Name.member.1`, … */
function listed(query: URLSearchParams, name: string): string[] {
  return [...query].filter(([key]) => key.startsWith(`${name}.member.`)).map(([, value]) => value);
}

function answer(query: URLSearchParams, machines: Map<string, Machine>): string | undefined {
  switch (query.get('Action')) {
    case 'DescribeAutoScalingGroups':
      return described(listed(query, 'AutoScalingGroupNames'), machines);
    case 'SetInstanceProtection':
      for (const id of listed(query, 'InstanceIds'))
        machines.get(id)!.guarded = query.get('ProtectedFromScaleIn') === 'true';
      return '';
    case 'CompleteLifecycleAction': {
      const machine = machines.get(query.get('InstanceId') ?? '');
      if (machine?.state !== 'Terminating:Wait' || query.get('LifecycleHookName') !== 'drain') return undefined;
      machine.state = 'Terminating:Proceed';
      return '';
    }
    default:
      return undefined;
  }
}

export async function startAutoScalingEndpoint(): Promise<AutoScalingEndpoint> {
  const machines = new Map<string, Machine>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const query = new URLSearchParams(Buffer.concat(chunks).toString());
      const action = query.get('Action');
      const result = made.isRefusing ? undefined : answer(query, machines);
      response.writeHead(result === undefined ? 400 : 200, { 'content-type': 'text/xml' });
      response.end(
        result === undefined
          ? '<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>no</Message></Error></ErrorResponse>'
          : `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`,
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const made: AutoScalingEndpoint = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    machines,
    isRefusing: false,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return made;
}
