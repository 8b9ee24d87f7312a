/**
 * Runs one function for LocalStack as its own init program does in a container: says when it is ready, takes
 * invocations on POST /invoke, and posts the answer or the error of each, with what was written meanwhile.
 */
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const {
  LOCALSTACK_RUNTIME_ENDPOINT: endpoint,
  LOCALSTACK_RUNTIME_ID: id,
  LAMBDA_TASK_ROOT: root = '.',
  ONEDOOR_RUNNER_PORT: port,
  AWS_LAMBDA_FUNCTION_NAME: functionName,
  AWS_LAMBDA_FUNCTION_TIMEOUT: timeoutSeconds = '3',
  _HANDLER: handlerName = 'index.handler',
} = process.env;

/** What the function wrote since it was last sent on. */
let written = '';
for (const stream of [process.stdout, process.stderr]) {
  stream.write = (chunk) => {
    written += chunk;
    return true;
  };
}
for (const level of ['log', 'info', 'warn', 'error']) {
  console[level] = (...values) => {
    written += `${format(...values)}\n`;
  };
}

function tell(path, body) {
  return fetch(`${endpoint}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

function errorOf(error) {
  const { name = 'Error', message = String(error), stack = '' } = error ?? {};
  return { errorType: name, errorMessage: message, stackTrace: stack.split('\n') };
}

async function invoke(handler, { 'invoke-id': requestId, 'invoked-function-arn': arn, payload }) {
  const limitMs = Number(timeoutSeconds) * 1000;
  const untilMs = Date.now() + limitMs;
  const context = {
    awsRequestId: requestId,
    functionName,
    invokedFunctionArn: arn,
    getRemainingTimeInMillis: () => untilMs - Date.now(),
  };
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Task timed out after ${timeoutSeconds} seconds`)), limitMs);
  });
  const [kind, body] = await Promise.race([handler(JSON.parse(payload), context), late])
    .then((result) => ['response', result ?? null])
    .catch((error) => ['error', errorOf(error)]);
  clearTimeout(timer);
  const logs = written;
  written = '';
  await tell(`/invocations/${requestId}/logs`, { logs: logs === '' ? '\n' : logs });
  await tell(`/invocations/${requestId}/${kind}`, body);
}

async function main() {
  const dot = handlerName.lastIndexOf('.');
  const module = await import(pathToFileURL(join(root, `${handlerName.slice(0, dot)}.mjs`)).href);
  const handler = module[handlerName.slice(dot + 1)];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      response.end();
      void invoke(handler, JSON.parse(body));
    });
  });
  server.listen(Number(port), '127.0.0.1', () => tell(`/status/${id}/ready`, {}));
}

main().catch(async (error) => {
  await tell(`/status/${id}/error`, errorOf(error));
  process.exit(1);
});
