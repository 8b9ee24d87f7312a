/** One resource that CloudFormation handles, with what it calls for it. */
export interface ResourceActions {
  /** What actions are on, as for a deployment of the name `onedoor`; `*` where the service knows no resources. */
  readonly arn: string;
  readonly create: string;
  /** Absent: a change replaces it. */
  readonly update?: string;
  readonly delete: string;
  /** Calls on another resource: `action arn`, or `action arn key=value` with a condition key of the request. */
  readonly beside?: readonly string[];
}

export const ARN = 'arn:aws';
export const HERE = 'eu-west-1:123456789012';
export const ROLE = `${ARN}:iam::123456789012:role/onedoor-EndpointAssignRole-1A2B3C`;
export const PASS_TO_MACHINE = `iam:PassRole ${ROLE} iam:PassedToService=ec2.amazonaws.com`;

/** `A B` as `service:A service:B`. */
export function prefixed(service: string, names: string): string {
  return names.replaceAll(/\w+/g, `${service}:$&`);
}
