import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { ServiceError } from '../../../adapters/aws/service.ts';
import { createMetricLog } from '../../../adapters/cloudwatch/metric-log.ts';

const access = { credentials: () => ({ accessKeyId: 'me', secretAccessKey: 'x' }), region: () => 'eu-central-1' };

/** CloudWatch Logs on loopback; it answers each operation as the test says, else with success. */
async function aLogService(refusals: Readonly<Record<string, string>> = {}) {
  const calls: { readonly operation: string; readonly format: unknown; readonly body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    const body = (await request.setEncoding('utf8').toArray()).join('');
    const operation = String(request.headers['x-amz-target']);
    calls.push({ operation, format: request.headers['x-amzn-logs-format'], body: JSON.parse(body) });
    const refusal = refusals[operation.replace('Logs_20140328.', '')];
    response.writeHead(refusal === undefined ? 200 : 400);
    response.end(JSON.stringify(refusal === undefined ? {} : { __type: refusal }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { calls, log: createMetricLog({ group: 'metrics', stream: 'gateway/a', access, endpoint }) };
}

it('makes its stream once, and says that the lines are metrics', async () => {
  const { calls, log } = await aLogService();
  await log.put(['{"a":1}', '{"b":2}'], 1_000.5);
  await log.put(['{"a":2}'], 2_000);
  await log.put([], 3_000);
  const stream = { logGroupName: 'metrics', logStreamName: 'gateway/a' };
  const events = (...logEvents: object[]) => ({ ...stream, logEvents });
  expect(calls).toEqual([
    { operation: 'Logs_20140328.CreateLogStream', format: 'json/emf', body: stream },
    {
      operation: 'Logs_20140328.PutLogEvents',
      format: 'json/emf',
      body: events({ timestamp: 1_000, message: '{"a":1}' }, { timestamp: 1_000, message: '{"b":2}' }),
    },
    {
      operation: 'Logs_20140328.PutLogEvents',
      format: 'json/emf',
      body: events({ timestamp: 2_000, message: '{"a":2}' }),
    },
  ]);
});

it('goes on with the stream of its life before', async () => {
  const { calls, log } = await aLogService({ CreateLogStream: 'ResourceAlreadyExistsException' });
  await log.put(['{}'], 0);
  expect(calls.map(({ operation }) => operation)).toContain('Logs_20140328.PutLogEvents');
});

it('throws what the service says, and asks again for its stream', async () => {
  const { calls, log } = await aLogService({ CreateLogStream: 'AccessDeniedException' });
  for (let times = 0; times < 2; times++) await expect(log.put(['{}'], 0)).rejects.toThrow(ServiceError);
  expect(calls.map(({ operation }) => operation)).toEqual(Array(2).fill('Logs_20140328.CreateLogStream'));
});
