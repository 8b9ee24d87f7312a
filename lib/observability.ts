import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmWidget,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  type Metric,
  Stats,
  TextWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { answerWidgets } from './answer-widgets.ts';
import type { AssignmentEndpoint } from './assignment-endpoint.ts';
import { checkProps, checkThat } from './checks.ts';
import type { IProbeDoor } from './probe-targets.ts';
import type { Reaper } from './reaper.ts';
import type { RegistryWriters } from './registry-writers.ts';
import type { ServerFleet } from './server-fleet.ts';
import type { TicketKeys } from './ticket-keys.ts';

export interface ObservabilityProps {
  readonly endpoint: AssignmentEndpoint;
  readonly writers: RegistryWriters;
  readonly keys: TicketKeys;
  readonly reaper: Reaper;
  readonly door: IProbeDoor;
  /**
   * Fleets whose pools are watched.
   *
   * @default - none
   */
  readonly fleets?: readonly ServerFleet[];
  /**
   * Name of the deployment, a dimension of its metrics.
   *
   * @default 'onedoor'
   */
  readonly deployment?: string;
  /**
   * Where alarms go; SNS asks the address to confirm.
   *
   * @default - a topic without subscribers
   */
  readonly alarmEmail?: string;
}

/** One condition that somebody should hear of. `says` is the sentence in the mail: what is wrong and where to look. */
interface Watch {
  readonly metric: IMetric;
  readonly says: string;
  readonly threshold: number;
  /** @default above or at the threshold */
  readonly below?: boolean;
  /** Its page in docs/runbooks. @default - the alarm's own name */
  readonly runbook?: string;
  /** Minutes in a row. */
  readonly minutes: number;
  /** What no data means. @default that all is well */
  readonly missing?: TreatMissingData;
}

const MINUTE = Duration.minutes(1);

/**
 * A dashboard of what matters, top to bottom in the order in which a client meets it, and alarms on what a deployer
 * must act upon, each with a sentence that says where to look. Everything that mends itself raises none.
 */
export class Observability extends Construct {
  public readonly topic: ITopic;
  public readonly dashboard: Dashboard;
  public readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id);
    const { alarmEmail, fleets = [], deployment = 'onedoor' } = props;
    checkProps(validateEmail(alarmEmail));
    const topic = new Topic(this, 'Alarms', { enforceSSL: true });
    if (alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(alarmEmail));
    this.topic = topic as ITopic;
    this.alarms = [
      ...this.watch(doorWatches(props)),
      ...this.watch(registryWatches(props)),
      ...fleets.flatMap((fleet) => this.watch(fleetWatches(fleet))),
    ];
    this.dashboard = new Dashboard(this, 'Dashboard', {
      defaultInterval: Duration.hours(3),
      widgets: [
        [new TextWidget({ markdown: `# Onedoor\n${props.endpoint.url}`, width: 24, height: 2 })],
        this.alarms.map((alarm) => new AlarmWidget({ alarm, width: 6, height: 4 })),
        doorWidgets(props),
        [...answerWidgets(deployment)],
        ...fleets.map((fleet) => fleetWidgets(fleet)),
        registryWidgets(props),
      ],
    });
  }

  private watch(watches: Readonly<Record<string, Watch>>): readonly Alarm[] {
    return Object.entries(watches).map(
      ([name, { metric, says, threshold, below, minutes, missing, runbook = name }]) => {
        const alarm = new Alarm(this, name, {
          metric,
          alarmDescription: `${says} What to do: docs/runbooks/${runbook}.md`,
          threshold,
          comparisonOperator: below
            ? ComparisonOperator.LESS_THAN_THRESHOLD
            : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
          evaluationPeriods: minutes,
          treatMissingData: missing ?? TreatMissingData.NOT_BREACHING,
        });
        alarm.addAlarmAction(new SnsAction(this.topic));
        alarm.addOkAction(new SnsAction(this.topic));
        return alarm;
      },
    );
  }
}

function failures(metric: IMetric, says: string, minutes = 5): Watch {
  return { metric, says, threshold: 1, minutes };
}

function doorWatches({ endpoint, door }: ObservabilityProps): Readonly<Record<string, Watch>> {
  return {
    AssignFails: failures(endpoint.metricErrors(), 'The assign function fails: HTTP clients get 5xx. See its log.'),
    AssignThrottled: failures(
      endpoint.metricThrottles(),
      'The assign function is throttled: the account’s concurrency is used up. Raise the quota.',
    ),
    DoorsGone: {
      metric: door.metricHealthyDoors(),
      says: 'Nobody behind the probe port is healthy: datagrams are not answered, clients fall back to HTTP. See the gateways’ logs (the agents’, where the servers are the door).',
      threshold: 1,
      below: true,
      minutes: 2,
      missing: TreatMissingData.BREACHING,
    },
  };
}

function registryWatches({ writers, keys, reaper }: ObservabilityProps): Readonly<Record<string, Watch>> {
  return {
    RosterLate: {
      metric: writers.roster.metric('IteratorAge', { statistic: Stats.MAXIMUM, period: MINUTE }),
      says: 'The roster is more than 30 s behind the registry: servers seem dead that are not. See the roster’s log.',
      threshold: 30_000,
      minutes: 3,
    },
    RosterFails: failures(errors(writers.roster), 'The roster function fails. See its log.'),
    RegistrarFails: failures(
      errors(writers.registrar),
      'The registrar fails: new servers get no clients. See its log.',
    ),
    ReaperFails: failures(errors(reaper.handler), 'The reaper fails: machines that are gone stay listed. See its log.'),
    ProbersDegraded: failures(
      reaper.metricDegradedProbers(),
      'Over half of the servers do not answer those who probe them: nobody is judged, the last list stays. See the network between gateways and servers, and the gateways’ logs (the agents’, where the servers are the door).',
      1,
    ),
    EventsLost: failures(
      letters(writers.deadLetters),
      'An event reached neither registrar nor roster: it lies in the dead letter queue. The next full pass mends the registry; see why.',
      1,
    ),
    RotationFails: failures(
      letters(keys.deadLetters),
      'The rotation of the ticket keys failed. Keys go on working; see its log within days.',
      1,
    ),
  };
}

function fleetWatches(fleet: ServerFleet): Readonly<Record<string, Watch>> {
  const { app, world, group } = fleet.pool;
  const pool = `${app}/${world}/${group}`;
  return {
    [`${fleet.node.id}Gone`]: {
      metric: fleet.metricReadyServers(),
      runbook: 'FleetGone',
      says: `No server of ${pool} takes clients. See the fleet’s machines and their agents’ logs.`,
      threshold: 1,
      below: true,
      minutes: 5,
      missing: TreatMissingData.BREACHING,
    },
    [`${fleet.node.id}Stale`]: {
      metric: fleet.metricStaleServers(),
      runbook: 'FleetStale',
      says: `A server of ${pool} says nothing any more, but its machine runs. See the agent’s log there.`,
      threshold: 1,
      minutes: 10,
    },
    [`${fleet.node.id}Full`]: {
      runbook: 'FleetFull',
      metric: fleet.metricUse(),
      says: `The servers of ${pool} are full, and no more machines come. Raise the fleet’s max.`,
      threshold: 98,
      minutes: 10,
    },
  };
}

function errors(handler: LambdaFunction): Metric {
  return handler.metricErrors({ statistic: Stats.SUM, period: MINUTE });
}

function letters(queue: Queue): Metric {
  return queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, period: MINUTE });
}

function graph(title: string, left: readonly IMetric[], right: readonly IMetric[] = []): IWidget {
  return new GraphWidget({ title, left: [...left], right: [...right], width: 8, height: 6 });
}

function doorWidgets({ endpoint, door }: ObservabilityProps): IWidget[] {
  return [
    graph('HTTP assignments', [endpoint.metricRequests()], [endpoint.metricLatency()]),
    graph('HTTP failures', [endpoint.metricErrors(), endpoint.metricThrottles()]),
    graph('Doors that are well, and new flows', [door.metricHealthyDoors()], [door.metricNewFlows()]),
  ];
}

function fleetWidgets(fleet: ServerFleet): IWidget[] {
  const { app, world, group } = fleet.pool;
  const pool = `${app} / ${world} / ${group}`;
  return [
    graph(`${pool}: sessions and free seats`, [fleet.metricSessions(), fleet.metricFreeSeats()]),
    graph(`${pool}: seats taken, %`, [fleet.metricUse()]),
    graph(
      `${pool}: servers that take clients, that are silent, that are suspect`,
      [fleet.metricReadyServers()],
      [fleet.metricStaleServers(), fleet.metricSuspects()],
    ),
    graph(`${pool}: time to full, s`, [fleet.metricTimeToFull()]),
  ];
}

function registryWidgets({ writers, reaper, keys }: ObservabilityProps): IWidget[] {
  const { registrar, roster } = writers;
  return [
    graph('Roster: how far behind, ms', [roster.metric('IteratorAge', { statistic: Stats.MAXIMUM, period: MINUTE })]),
    graph('Failures of functions', [registrar, roster, reaper.handler, keys.rotate].map(errors)),
    graph('Dead letters', [letters(writers.deadLetters), letters(keys.deadLetters)]),
  ];
}

function validateEmail(address: string | undefined): string | undefined {
  return checkThat(address === undefined || /^[^@\s]+@[^@\s]+$/.test(address), 'alarmEmail', 'an address', address);
}
