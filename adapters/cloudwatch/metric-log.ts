import type { Access } from '../aws/access.ts';
import { JsonService, ServiceError } from '../aws/service.ts';

/** Where a machine's metrics go: a stream of its own in a log group, of which CloudWatch makes metrics. */
export interface MetricLog {
  /** Lines in the Embedded Metric Format. Throws what the connection throws, or ServiceError. */
  put(lines: readonly string[], wallMs: number): Promise<void>;
}

const TIMEOUT_MS = 5_000;

/** @param endpoint default: AWS_ENDPOINT_URL_CLOUDWATCH_LOGS, AWS_ENDPOINT_URL, else the region's */
export function createMetricLog(options: {
  readonly group: string;
  readonly stream: string;
  readonly access: Access;
  readonly endpoint?: string;
}): MetricLog {
  const { group: logGroupName, stream: logStreamName, access } = options;
  const { AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: ofLogs, AWS_ENDPOINT_URL: ofAll } = process.env;
  const endpoint = options.endpoint ?? ofLogs ?? ofAll;
  const service = new JsonService({
    name: 'logs',
    target: 'Logs_20140328',
    contentType: 'application/x-amz-json-1.1',
    // Amazon CloudWatch User Guide, "Sending embedded metric format logs with PutLogEvents".
    headers: { 'x-amzn-logs-format': 'json/emf' },
    access,
    ...(endpoint && { endpoint }),
  });
  let isThere = false;
  const open = async (): Promise<void> => {
    try {
      await service.call('CreateLogStream', JSON.stringify({ logGroupName, logStreamName }), { timeoutMs: TIMEOUT_MS });
    } catch (error) {
      if (!(error instanceof ServiceError && error.name === 'ResourceAlreadyExistsException')) throw error;
    }
    isThere = true;
  };
  return {
    async put(lines, wallMs) {
      if (lines.length === 0) return;
      if (!isThere) await open();
      const logEvents = lines.map((message) => ({ timestamp: Math.floor(wallMs), message }));
      const body = JSON.stringify({ logGroupName, logStreamName, logEvents });
      await service.call('PutLogEvents', body, { timeoutMs: TIMEOUT_MS });
    },
  };
}
