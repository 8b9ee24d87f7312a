import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDescribeInstances, type DescribeInstances } from '../../../adapters/ec2/describe-instances.ts';
import { OnedoorError } from '../../../core/errors.ts';
import { LOCAL_ACCESS } from '../../../local/dynalite.ts';
import { type Ec2Endpoint, startEc2Endpoint } from '../../../local/ec2-endpoint.ts';

let ec2: Ec2Endpoint;
let ask: DescribeInstances;

beforeAll(async () => {
  ec2 = await startEc2Endpoint();
  ask = createDescribeInstances({ ...LOCAL_ACCESS, endpoint: ec2.endpoint });
});
afterAll(() => ec2.close());

describe('describing instances', () => {
  it('answers address, zone, state and tags of a machine', async () => {
    const tags = { 'onedoor:app': 'a <b> & "c"', Name: 'ü\u{1F3AE}' };
    ec2.register({ instanceId: 'i-0a', publicIpv4: '127.0.0.2', ipv6: '2001:db8::7', zone: 'local-1a', tags });
    expect(await ask(['i-0a'])).toEqual(
      new Map([
        [
          'i-0a',
          { id: 'i-0a', state: 'running', publicIpv4: '127.0.0.2', ipv6: '2001:db8::7', zone: 'local-1a', tags },
        ],
      ]),
    );
  });

  it('leaves out addresses that a machine does not have', async () => {
    ec2.register({ instanceId: 'i-0b', zone: 'local-1a', tags: {} });
    expect((await ask(['i-0b'])).get('i-0b')).toEqual({ id: 'i-0b', state: 'running', zone: 'local-1a', tags: {} });
  });

  it('shows a machine that went away as terminated, without its address', async () => {
    ec2.register({ instanceId: 'i-0c', publicIpv4: '127.0.0.3', zone: 'local-1a', tags: {} });
    ec2.remove('i-0c');
    expect((await ask(['i-0c'])).get('i-0c')).toEqual({ id: 'i-0c', state: 'terminated', zone: 'local-1a', tags: {} });
  });

  it('leaves out machines that EC2 does not know, and answers the others', async () => {
    ec2.register({ instanceId: 'i-0d', zone: 'local-1a', tags: {} });
    ec2.register({ instanceId: 'i-0e', zone: 'local-1a', tags: {} });
    expect([...(await ask(['i-none', 'i-0d', 'i-nil', 'i-0e', 'i-0d'])).keys()]).toEqual(['i-0d', 'i-0e']);
    expect((await ask(['i-none'])).size).toBe(0);
    expect((await ask([])).size).toBe(0);
  });

  it('asks for more than a hundred machines in batches', async () => {
    const ids = Array.from({ length: 230 }, (_, n) => `i-many${n}`);
    for (const instanceId of ids) ec2.register({ instanceId, zone: 'local-1a', tags: {} });
    expect([...(await ask(ids)).keys()]).toEqual(ids);
  });

  it('finds by halves which id spoils a call when EC2 does not name it', async () => {
    const known = ['i-1', 'i-2', 'i-3', 'i-4', 'i-5'];
    const calls: string[][] = [];
    const server = createServer(async (request, response) => {
      const form = new URLSearchParams((await request.setEncoding('utf8').toArray()).join(''));
      const ids = [...form].filter(([name]) => name.startsWith('InstanceId.')).map(([, id]) => id);
      calls.push(ids);
      const spoilt = ids.includes('i-3');
      const items = ids.map(
        (id) => `<item><instancesSet><item><instanceId>${id}</instanceId></item></instancesSet></item>`,
      );
      response.writeHead(spoilt ? 400 : 200, { 'content-type': 'text/xml' });
      response.end(
        spoilt
          ? '<Response><Errors><Error><Code>InvalidInstanceID.Malformed</Code><Message>bad</Message></Error></Errors></Response>'
          : `<DescribeInstancesResponse><reservationSet>${items.join('')}</reservationSet></DescribeInstancesResponse>`,
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const found = await createDescribeInstances({ ...LOCAL_ACCESS, endpoint })(known);
    server.close();
    server.closeAllConnections();
    expect([...found.keys()]).toEqual(['i-1', 'i-2', 'i-4', 'i-5']);
    expect(calls).toHaveLength(5);
  });

  it('says that EC2 cannot be reached', async () => {
    const closed = await startEc2Endpoint();
    await closed.close();
    const nobody = createDescribeInstances({ ...LOCAL_ACCESS, endpoint: closed.endpoint, timeoutMs: 200 });
    const error = await nobody(['i-0a']).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OnedoorError);
    expect(error).toMatchObject({ code: 'ec2.unreachable', payload: { instances: 1 } });
  });
});

describe('the local EC2 endpoint', () => {
  it('answers nothing but DescribeInstances', async () => {
    const reply = await fetch(ec2.endpoint, { method: 'POST', body: new URLSearchParams({ Action: 'RunInstances' }) });
    expect(reply.status).toBe(400);
    expect(await reply.text()).toContain('<Code>InvalidAction</Code>');
  });

  it('lists every machine when no id is given', async () => {
    const reply = await fetch(ec2.endpoint, { method: 'POST', body: 'Action=DescribeInstances' });
    expect(await reply.text()).toContain('<instanceId>i-0a</instanceId>');
  });
});
