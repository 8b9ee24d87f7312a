/** What CloudFormation sends to a function that stands behind a custom resource. */
export interface DeploymentEvent {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  /** Presigned, for one PUT. */
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId?: string;
  /** Numbers arrive as text. */
  readonly ResourceProperties: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 10_000;
/** CloudFormation takes an answer of 4 KiB; a reason is for people. */
const REASON_LENGTH = 500;

/**
 * Does `work` when the resource is made or changed, nothing when it goes, and tells CloudFormation how it ended: without
 * an answer a deployment would wait for its timeout. Rejects only if the answer cannot be delivered.
 */
export async function answerDeployment(
  event: DeploymentEvent,
  work: (properties: DeploymentEvent['ResourceProperties']) => Promise<unknown>,
): Promise<void> {
  const { RequestType, StackId, RequestId, LogicalResourceId, PhysicalResourceId = LogicalResourceId } = event;
  const outcome =
    RequestType === 'Delete'
      ? { Status: 'SUCCESS' }
      : await work(event.ResourceProperties).then(
          () => ({ Status: 'SUCCESS' }),
          (error: unknown) => ({ Status: 'FAILED', Reason: String(error).slice(0, REASON_LENGTH) }),
        );
  const body = JSON.stringify({ ...outcome, StackId, RequestId, LogicalResourceId, PhysicalResourceId });
  // The signature covers an empty content type.
  const headers = { 'content-type': '' };
  await fetch(event.ResponseURL, { method: 'PUT', headers, body, signal: AbortSignal.timeout(TIMEOUT_MS) });
}
