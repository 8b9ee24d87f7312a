/**
 * What lib/boot/updater.sh calls of the AWS CLI, with the rights of the machine: credentials come from its metadata
 * service. `dynamodb get-item --table-name … --key …` and `s3 cp … URI FILE`.
 */
import { createHmac, hash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';

const [service, , ...words] = process.argv.slice(2);
const endpoint = process.env['AWS_ENDPOINT_URL'] ?? '';
const client = new DynamoDBClient({ endpoint });

function argument(name: string): string {
  return words[words.indexOf(name) + 1] ?? '';
}

/** What `--output text` prints of the list that the updater asks for. */
async function getItem(): Promise<void> {
  const key = JSON.parse(argument('--key')) as { pk: { S: string } };
  const { Item } = await client.send(new GetItemCommand({ TableName: argument('--table-name'), Key: key }));
  const { v, version, uri, sha256 } = Item ?? {};
  console.log(Item ? [v?.N, version?.S, uri?.S, sha256?.S].map((value) => value ?? 'None').join('\t') : 'None');
}

/** One signed GET (Signature Version 4, AWS General Reference, "Create a signed AWS API request"). */
async function copy(): Promise<void> {
  const [uri = '', file = ''] = words.slice(-2);
  const url = new URL(endpoint + uri.replace('s3:/', ''));
  const { accessKeyId, secretAccessKey, sessionToken = '' } = await client.config.credentials();
  const region = await client.config.region();
  const time = new Date().toISOString().replaceAll(/[:-]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const headers: Record<string, string> = {
    host: url.host,
    'x-amz-content-sha256': hash('sha256', ''),
    'x-amz-date': time,
    'x-amz-security-token': sessionToken,
  };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const request = `GET\n${url.pathname}\n\n${lines.join('')}\n${names}\n${headers['x-amz-content-sha256']}`;
  const scope = `${day}/${region}/s3/aws4_request`;
  const hmac = (secret: string | Buffer, text: string): Buffer => createHmac('sha256', secret).update(text).digest();
  const signingKey = [day, region, 's3', 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`));
  const signature = hmac(signingKey, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', request)}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  const reply = await fetch(url, { headers: { ...headers, authorization } });
  if (!reply.ok) throw new Error(`${uri}: ${reply.status} ${await reply.text()}`);
  writeFileSync(file, Buffer.from(await reply.arrayBuffer()));
}

await (service === 's3' ? copy() : getItem());
