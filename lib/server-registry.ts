import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import {
  AGENT_ATTRIBUTES,
  ANSWER_ITEMS,
  BURIAL_ATTRIBUTES,
  DELETION_ATTRIBUTES,
  DRAIN_ATTRIBUTES,
  itemStatement,
  KEY_ITEMS,
  listStatements,
  OWN_ROWS,
  PLACEMENT_ATTRIBUTES,
  PROBER_ITEMS,
  REPORT_ITEMS,
  ROSTER_ITEMS,
  SERVER_ROWS,
  SUSPICION_ATTRIBUTES,
  TAKE_ATTRIBUTES,
  VERSION_ITEMS,
} from './registry-access.ts';

export interface ServerRegistryProps {
  /**
   * What happens to the table when the stack is deleted. With `DESTROY` the table also lets itself be deleted.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** The sparse index of server rows: only they have a `kind`. */
const SERVERS_INDEX = 'servers';

/**
 * The registry: one table for server rows, the packed roster and the public keys. Each grant is what one kind of program
 * needs and no more; docs/DEPLOY.md has the table.
 *
 * @example
 * const registry = new ServerRegistry(this, 'Registry');
 * registry.grantAgent(instanceRole);
 */
export class ServerRegistry extends Construct {
  public readonly table: Table;

  constructor(scope: Construct, id: string, props: ServerRegistryProps = {}) {
    super(scope, id);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.table = new Table(this, 'Resource', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      timeToLiveAttribute: 'ttl',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
      removalPolicy,
    });
    this.table.addGlobalSecondaryIndex({
      indexName: SERVERS_INDEX,
      partitionKey: { name: 'kind', type: AttributeType.STRING },
      sortKey: { name: 'pk', type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }

  /** Takes seats on any server, reads rows, roster and public keys; keeps what clients report, and marks those servers. */
  public grantAssign(grantee: IGrantable): void {
    this.allow(
      grantee,
      this.item('TakeSeats', ['UpdateItem'], [SERVER_ROWS], TAKE_ATTRIBUTES),
      this.item('ReadRegistry', ['GetItem'], [SERVER_ROWS, ROSTER_ITEMS, KEY_ITEMS, PROBER_ITEMS]),
      this.item('SuspectServers', ['UpdateItem'], [SERVER_ROWS], ['pk', ...SUSPICION_ATTRIBUTES]),
      this.item('KeepReports', ['GetItem', 'PutItem', 'UpdateItem'], [REPORT_ITEMS]),
    );
  }

  /** Keeps the answers to requests that may come again. */
  public grantAnswers(grantee: IGrantable): void {
    this.allow(grantee, this.item('KeepAnswers', ['GetItem', 'PutItem'], [ANSWER_ITEMS]));
  }

  /** As the assign function; tells the other gateways that it probes, and asks agents to drain (its page). */
  public grantGateway(grantee: IGrantable): void {
    this.grantAssign(grantee);
    this.allow(
      grantee,
      this.item('MeetProbers', ['UpdateItem'], [PROBER_ITEMS]),
      this.drains(),
      this.item('ReadWantedVersion', ['GetItem'], [VERSION_ITEMS]),
    );
  }

  /** For people and their tools: lists the rows, reads roster and public keys, asks agents to drain. */
  public grantOperator(grantee: IGrantable): void {
    this.allow(
      grantee,
      ...listStatements(this.table.tableArn, SERVERS_INDEX),
      this.item('ReadRosterAndKeys', ['GetItem'], [ROSTER_ITEMS, KEY_ITEMS]),
      this.drains(),
    );
  }

  /** Writes addresses, ports, zones and pools of rows that agents made, tombstones, and deletes old ones; no seats. */
  public grantRegistrar(grantee: IGrantable): void {
    this.allow(
      grantee,
      ...listStatements(this.table.tableArn, SERVERS_INDEX),
      this.item('PlaceServers', ['UpdateItem'], [SERVER_ROWS], PLACEMENT_ATTRIBUTES),
      this.item('BuryServers', ['UpdateItem'], [SERVER_ROWS], BURIAL_ATTRIBUTES),
      this.item('ForgetServers', ['DeleteItem'], [SERVER_ROWS], DELETION_ATTRIBUTES),
    );
  }

  /** Reads who probes the servers, and who of them is cut off. */
  public grantReadProbers(grantee: IGrantable): void {
    this.allow(grantee, this.item('ReadProbers', ['GetItem'], [PROBER_ITEMS]));
  }

  /** Reads the rows and writes the packed roster. */
  public grantRoster(grantee: IGrantable): void {
    this.allow(
      grantee,
      ...listStatements(this.table.tableArn, SERVERS_INDEX),
      this.item('WriteRoster', ['GetItem', 'PutItem'], [ROSTER_ITEMS]),
    );
  }

  /** Publishes the public keys. */
  public grantPublishKeys(grantee: IGrantable): void {
    this.allow(grantee, this.item('PublishKeys', ['GetItem', 'PutItem'], [KEY_ITEMS]));
  }

  /** Writes which version of the programs machines shall run. */
  public grantWantedVersions(grantee: IGrantable): void {
    this.allow(grantee, this.item('WriteWantedVersions', ['PutItem'], [VERSION_ITEMS]));
  }

  /**
   * What a server's machine may do, and a rogue one too: write the load of its own rows, read them, the roster and the
   * public keys. It cannot write an address, a pool or `maxCapacity`, not even its own.
   */
  public grantAgent(grantee: IGrantable): void {
    this.allow(grantee, ...this.agentStatements());
  }

  /** The statements of `grantAgent`, for a managed policy of machines that are there already. */
  public agentStatements(): readonly PolicyStatement[] {
    return [
      this.item('WriteOwnRows', ['UpdateItem'], [OWN_ROWS], AGENT_ATTRIBUTES),
      this.item('ReadOwnRows', ['GetItem'], [OWN_ROWS]),
      this.item('ReadRosterAndKeys', ['GetItem'], [ROSTER_ITEMS, KEY_ITEMS]),
      this.item('ReadWantedVersion', ['GetItem'], [VERSION_ITEMS]),
    ];
  }

  private drains(): PolicyStatement {
    return this.item('DrainServers', ['UpdateItem'], [SERVER_ROWS], ['pk', ...DRAIN_ATTRIBUTES]);
  }

  private item(
    sid: string,
    actions: readonly string[],
    keys: readonly string[],
    attributes?: readonly string[],
  ): PolicyStatement {
    return itemStatement({ sid, actions, tableArn: this.table.tableArn, keys, ...(attributes && { attributes }) });
  }

  private allow(grantee: IGrantable, ...statements: readonly PolicyStatement[]): void {
    for (const statement of statements) grantee.grantPrincipal.addToPrincipalPolicy(statement);
  }
}
