import { join } from 'node:path';
import { Aws, Duration } from 'aws-cdk-lib';
import { InstanceArchitecture } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { CfnAssociation, CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { AgonesConfig } from '../core/config/fleet-config.ts';
import { type AgentDuty, agentArguments } from './agent-arguments.ts';
import { bootScript } from './boot/boot-script.ts';
import { AGENT_BUNDLE, checkBundles, DIST, fetchedFile, fetchStatement, nodeBundle } from './bundles.ts';
import { checkInteger, checkProps } from './checks.ts';
import { checkLoad, checkPorts, checkTagText } from './server-checks.ts';
import type { ServerRegistry } from './server-registry.ts';

export interface ExistingServersProps {
  readonly registry: ServerRegistry;
  /**
   * Value of the tag `onedoor:join` on the machines that shall get the agent. The registrar wants further tags there:
   * `onedoor:capacity` and `onedoor:port:game`, and if they differ from the defaults `onedoor:app`, `onedoor:world`,
   * `onedoor:group`, `onedoor:slots`, `onedoor:port:<role>`, `onedoor:label:<name>`.
   */
  readonly join: string;
  /** Clients that one server process may have, as in the tag `onedoor:capacity`. */
  readonly capacity: number;
  /**
   * CPU of the machines.
   *
   * @default InstanceArchitecture.X86_64
   */
  readonly architecture?: InstanceArchitecture;
  /**
   * Server processes on each machine, 1 to 100.
   *
   * @default 1
   */
  readonly slots?: number;
  /**
   * Port of each role on slot 0; slot n has it + n. `game` and `probe` must be there.
   *
   * @default - game 7777, probe 7000
   */
  readonly ports?: Readonly<Record<string, number>>;
  /**
   * How the agent learns who plays: its `--load`, without quotes.
   *
   * @default 'api'
   */
  readonly load?: string;
  /**
   * Where a build made for Agones finds that SDK's REST calls; `load` says which of its figures counts.
   *
   * @default - nowhere
   */
  readonly agones?: AgonesConfig;
  /**
   * How long an agent that is stopped by its operator waits for its sessions to end.
   *
   * @default Duration.hours(1)
   */
  readonly drainTime?: Duration;
  /**
   * ONEDOOR_CONFIG of the agents, see `AssignmentEndpoint.settings`.
   *
   * @default - none
   */
  readonly settings?: string;
  /**
   * Folder of the built programs.
   *
   * @default - `dist` of this package
   */
  readonly bundles?: string;
}

/**
 * Brings the agent to machines that are there already: a policy for their role, and a document of Systems Manager that
 * installs the agent on whatever carries the tag, now and later. The machines need the agent of Systems Manager, systemd,
 * bash, curl and the AWS CLI; their games run as they did.
 */
export class ExistingServers extends Construct {
  /** To be attached to the role of the machines. */
  public readonly policy: ManagedPolicy;
  /** Runs the installation. */
  public readonly document: CfnDocument;

  constructor(scope: Construct, id: string, props: ExistingServersProps) {
    super(scope, id);
    const { slots = 1, ports = { game: 7777, probe: 7000 }, load = 'api', bundles = DIST } = props;
    const node = nodeBundle(props.architecture ?? InstanceArchitecture.X86_64);
    checkProps(
      checkTagText('join', props.join),
      checkInteger('capacity', props.capacity, 1, 100_000),
      checkInteger('slots', slots, 1, 100),
      checkPorts(ports, slots),
      checkLoad(load),
      checkBundles(bundles, AGENT_BUNDLE, node),
    );
    const code = fetchedFile(this, 'Code', join(bundles, AGENT_BUNDLE));
    const runtime = fetchedFile(this, 'Node', join(bundles, node));
    this.policy = new ManagedPolicy(this, 'Policy', {
      description: 'Onedoor: what the agent beside a server may do',
      statements: [fetchStatement([code, runtime]), ...props.registry.agentStatements()],
    });
    const duty: AgentDuty = {
      ...{ slots, ports, load, capacity: props.capacity },
      ...(props.agones && { agones: props.agones }),
      drainSeconds: (props.drainTime ?? Duration.hours(1)).toSeconds(),
    };
    const script = bootScript({
      program: 'agent',
      code,
      node: runtime,
      slots,
      environment: {
        AWS_REGION: Aws.REGION,
        ONEDOOR_TABLE: props.registry.table.tableName,
        ...(props.settings !== undefined && { ONEDOOR_CONFIG: props.settings }),
      },
      arguments: agentArguments(duty),
    });
    this.document = new CfnDocument(this, 'Install', {
      documentType: 'Command',
      targetType: '/AWS::EC2::Instance',
      updateMethod: 'NewVersion',
      content: {
        schemaVersion: '2.2',
        description: 'Installs the Onedoor agent',
        mainSteps: [{ action: 'aws:runShellScript', name: 'install', inputs: { runCommand: [script] } }],
      },
    });
    new CfnAssociation(this, 'Everywhere', {
      name: this.document.ref,
      targets: [{ key: 'tag:onedoor:join', values: [props.join] }],
    });
  }
}
