import { Duration } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { type Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnEIP, type ISubnet, type IVpc, Port, SecurityGroup, SubnetType } from 'aws-cdk-lib/aws-ec2';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { AlbListenerTarget, LambdaTarget } from 'aws-cdk-lib/aws-elasticloadbalancingv2-targets';
import { Alias, type IFunction, type IVersion } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { ARecord, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { LoadBalancerTarget } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import { checkBundles, DIST } from './bundles.ts';
import { checkInteger, checkProps, checkThat } from './checks.ts';
import { handlerFunction } from './handler-function.ts';
import type { ServerRegistry } from './server-registry.ts';
import { type Settings, settingsText } from './settings.ts';
import type { TicketKeys } from './ticket-keys.ts';

export interface AssignmentEndpointProps {
  /** A VPC with public subnets in two or more availability zones. */
  readonly vpc: IVpc;
  readonly registry: ServerRegistry;
  readonly keys: TicketKeys;
  /**
   * Name of the HTTP API. Goes together with `certificate`; both turn on port 443 and close 80.
   *
   * @default - HTTP on port 80, by address
   */
  readonly domainName?: string;
  /**
   * Certificate for `domainName` in the region of the stack.
   *
   * @default - HTTP on port 80
   */
  readonly certificate?: ICertificate;
  /**
   * Zone in which `domainName` is written.
   *
   * @default - the deployer writes it
   */
  readonly hostedZone?: IHostedZone;
  /**
   * What the programs of the deployment are told beside the address.
   *
   * @default - the defaults of core/config/runtime-config.ts
   */
  readonly settings?: Settings;
  /**
   * Memory of the function in MiB, 256 to 10,240.
   *
   * @default 1024
   */
  readonly memorySize?: number;
  /**
   * Environments kept warm, 0 to 1,000.
   *
   * @default 0
   */
  readonly provisionedConcurrentExecutions?: number;
  /**
   * How long logs are kept.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
  /**
   * Folder of the built programs.
   *
   * @default - `dist` of this package
   */
  readonly bundles?: string;
}

const HEALTH = '/healthz';

/**
 * The one address and its HTTP way in: network load balancer with fixed addresses, in front of an internal application
 * load balancer, in front of the assign function. A network load balancer cannot call a function, hence the two; it
 * can carry datagrams beside, on the same addresses (`Door`).
 */
export class AssignmentEndpoint extends Construct {
  public readonly loadBalancer: elb.NetworkLoadBalancer;
  /** Takes what clients send; datagrams too. */
  public readonly securityGroup: SecurityGroup;
  public readonly handler: Alias;
  /** The fixed public IPv4 addresses, one a zone. */
  public readonly addresses: readonly string[];
  /** Base of the HTTP API. */
  public readonly url: string;
  /** ONEDOOR_CONFIG for the other programs of the deployment, with the address. */
  public readonly settings: string;
  private readonly internal: elb.ApplicationLoadBalancer;
  private readonly subnets: readonly ISubnet[];

  constructor(scope: Construct, id: string, props: AssignmentEndpointProps) {
    super(scope, id);
    const { vpc, bundles = DIST } = props;
    this.subnets = vpc.selectSubnets({ subnetType: SubnetType.PUBLIC, onePerAz: true }).subnets;
    checkProps(
      validateSubnets(this.subnets.length),
      validateCertificate(props),
      validateHostedZone(props),
      checkInteger('memorySize', props.memorySize, 256, 10_240),
      checkInteger('provisionedConcurrentExecutions', props.provisionedConcurrentExecutions, 0, 1000),
      checkBundles(bundles, 'assign/index.mjs'),
    );
    const addresses = this.subnets.map((_, index) => new CfnEIP(this, `Address${index}`, { domain: 'vpc' }));
    this.addresses = addresses.map(({ ref }) => ref);
    this.settings = settingsText(props.settings ?? {}, this.addresses[0] as string);
    this.handler = this.assignFunction(props, bundles);
    this.securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'The one address: what clients may send',
      allowAllOutbound: false,
    });
    this.loadBalancer = new elb.NetworkLoadBalancer(this, 'Resource', {
      vpc,
      internetFacing: true,
      subnetMappings: this.subnets.map((subnet, index) => ({
        subnet,
        allocationId: addresses[index]?.attrAllocationId as string,
      })),
      securityGroups: [this.securityGroup],
      // Clients may know one address only: it must reach a gateway even when its own zone has none.
      crossZoneEnabled: true,
    });
    this.internal = this.internalBalancer(vpc);
    this.connect(props);
    this.url = props.domainName ? `https://${props.domainName}` : `http://${this.addresses[0]}`;
    if (props.hostedZone && props.domainName) {
      new ARecord(this, 'Name', {
        zone: props.hostedZone,
        recordName: `${props.domainName}.`,
        target: RecordTarget.fromAlias(new LoadBalancerTarget(this.loadBalancer)),
      });
    }
  }

  /** Requests that reached the function. */
  public metricRequests(options?: MetricOptions): Metric {
    return this.handler.metricInvocations({ statistic: Stats.SUM, period: Duration.minutes(1), ...options });
  }

  /** Time of the function for one request, in ms, of which 99 % take less. */
  public metricLatency(options?: MetricOptions): Metric {
    return this.handler.metricDuration({ statistic: Stats.p(99), period: Duration.minutes(1), ...options });
  }

  /** Requests on which the function failed. */
  public metricErrors(options?: MetricOptions): Metric {
    return this.handler.metricErrors({ statistic: Stats.SUM, period: Duration.minutes(1), ...options });
  }

  /** Requests for which the account had no concurrency left. */
  public metricThrottles(options?: MetricOptions): Metric {
    return this.handler.metricThrottles({ statistic: Stats.SUM, period: Duration.minutes(1), ...options });
  }

  private assignFunction(props: AssignmentEndpointProps, bundles: string): Alias {
    const handler = handlerFunction(this, 'Assign', {
      bundles,
      bundle: 'assign',
      description: 'Onedoor: assigns a client to a server over HTTP',
      memorySize: props.memorySize ?? 1024,
      timeout: Duration.seconds(10),
      logRetention: props.logRetention ?? RetentionDays.ONE_MONTH,
      environment: {
        ONEDOOR_TABLE: props.registry.table.tableName,
        ONEDOOR_KEY_SECRET: props.keys.secretArn,
        ONEDOOR_CONFIG: this.settings,
      },
    });
    props.registry.grantAssign(handler);
    props.registry.grantAnswers(handler);
    props.keys.grantRead(handler);
    return new Alias(this, 'Live', {
      aliasName: 'live',
      // A cast here and below: CDK's classes are compiled without exactOptionalPropertyTypes.
      version: handler.currentVersion as IVersion,
      ...(props.provisionedConcurrentExecutions && {
        provisionedConcurrentExecutions: props.provisionedConcurrentExecutions,
      }),
    });
  }

  private internalBalancer(vpc: IVpc): elb.ApplicationLoadBalancer {
    const securityGroup = new SecurityGroup(this, 'InternalSecurityGroup', {
      vpc,
      description: 'Between the one address and the assign function',
      allowAllOutbound: false,
    });
    return new elb.ApplicationLoadBalancer(this, 'Internal', {
      vpc,
      vpcSubnets: { subnets: [...this.subnets] },
      internetFacing: false,
      securityGroup,
      dropInvalidHeaderFields: true,
    });
  }

  /** Address -> internal balancer -> function, on 443 with a certificate and on 80 without. */
  private connect({ vpc, certificate }: AssignmentEndpointProps): void {
    const port = certificate ? 443 : 80;
    const functionTargets = new elb.ApplicationTargetGroup(this, 'Function', {
      vpc,
      targetType: elb.TargetType.LAMBDA,
      targets: [new LambdaTarget(this.handler as IFunction)],
      multiValueHeadersEnabled: true,
    });
    const inner = this.internal.addListener('Http', {
      port,
      protocol: certificate ? elb.ApplicationProtocol.HTTPS : elb.ApplicationProtocol.HTTP,
      ...(certificate && { certificates: [certificate], sslPolicy: elb.SslPolicy.RECOMMENDED_TLS }),
      open: false,
      defaultTargetGroups: [functionTargets],
    });
    // Answered by the balancer itself: a check every few seconds must not start a function.
    inner.addAction('Health', {
      priority: 1,
      conditions: [elb.ListenerCondition.pathPatterns([HEALTH])],
      action: elb.ListenerAction.fixedResponse(200, {
        contentType: 'application/json',
        messageBody: '{"status":"ok"}',
      }),
    });
    this.securityGroup.connections.allowFromAnyIpv4(Port.tcp(port), 'HTTP API');
    this.internal.connections.allowFrom(this.securityGroup, Port.tcp(port), 'HTTP API and its health check');
    // No TLS listener here: in front of an application load balancer only TCP is allowed, TLS ends there.
    this.loadBalancer.addListener('Http', {
      port,
      protocol: elb.Protocol.TCP,
      defaultTargetGroups: [
        new elb.NetworkTargetGroup(this, 'InternalTarget', {
          vpc,
          port,
          protocol: elb.Protocol.TCP,
          targetType: elb.TargetType.ALB,
          targets: [new AlbListenerTarget(inner)],
          healthCheck: {
            protocol: certificate ? elb.Protocol.HTTPS : elb.Protocol.HTTP,
            path: HEALTH,
            interval: Duration.seconds(10),
            healthyThresholdCount: 2,
            unhealthyThresholdCount: 2,
          },
        }),
      ],
    });
  }
}

function validateSubnets(count: number): string | undefined {
  return checkThat(count >= 2, 'vpc', 'a network with public subnets in at least 2 zones', `${count} zones`);
}

function validateCertificate({ domainName, certificate }: AssignmentEndpointProps): string | undefined {
  const holds = (domainName === undefined) === (certificate === undefined);
  return checkThat(holds, 'certificate', 'given together with domainName', certificate ? 'no domainName' : domainName);
}

function validateHostedZone({ domainName, hostedZone }: AssignmentEndpointProps): string | undefined {
  return checkThat(!hostedZone || domainName !== undefined, 'hostedZone', 'given with domainName', 'no domainName');
}
