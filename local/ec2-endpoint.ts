import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A machine that the local launcher started, as the registrar shall find it. */
export interface LocalInstance {
  readonly instanceId: string;
  readonly publicIpv4?: string;
  readonly ipv6?: string;
  readonly zone: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Ec2Endpoint {
  /** For AWS_ENDPOINT_URL_EC2. */
  readonly endpoint: string;
  register(instance: LocalInstance): void;
  /** The machine is terminated from now on, as EC2 shows it for about an hour. */
  remove(instanceId: string): void;
  close(): Promise<void>;
}

interface Held {
  readonly instance: LocalInstance;
  readonly state: 'running' | 'terminated';
}

interface Answer {
  readonly status: number;
  readonly xml: string;
}

/** Codes of the instance states (EC2 API Reference, InstanceState). */
const STATE_CODES = { running: 16, terminated: 48 } as const;
const XMLNS = 'http://ec2.amazonaws.com/doc/2016-11-15/';
const MAX_BODY_BYTES = 64 * 1024;

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function element(name: string, content: string | number | undefined): string {
  return content === undefined
    ? ''
    : `<${name}>${typeof content === 'number' ? content : escapeXml(content)}</${name}>`;
}

/** The EC2 query protocol's form of an error (EC2 Developer Guide, "Troubleshooting API request errors"). */
function problem(code: string, message: string): Answer {
  const error = `<Error>${element('Code', code)}${element('Message', message)}</Error>`;
  return {
    status: 400,
    xml: `<Response><Errors>${error}</Errors>${element('RequestID', randomUUID())}</Response>`,
  };
}

/** One machine in a reservation of its own; a terminated one has no addresses any more. */
function reservation({ instance, state }: Held): string {
  const alive = state === 'running';
  const tags = Object.entries(instance.tags).map(
    ([key, value]) => `<item>${element('key', key)}${element('value', value)}</item>`,
  );
  const ports =
    alive && instance.ipv6 !== undefined
      ? `<item><ipv6AddressesSet><item>${element('ipv6Address', instance.ipv6)}</item></ipv6AddressesSet></item>`
      : '';
  return [
    `<item>${element('reservationId', `r-${instance.instanceId}`)}<instancesSet><item>`,
    element('instanceId', instance.instanceId),
    `<instanceState>${element('code', STATE_CODES[state])}${element('name', state)}</instanceState>`,
    `<placement>${element('availabilityZone', instance.zone)}</placement>`,
    element('ipAddress', alive ? instance.publicIpv4 : undefined),
    `<tagSet>${tags.join('')}</tagSet><networkInterfaceSet>${ports}</networkInterfaceSet>`,
    '</item></instancesSet></item>',
  ].join('');
}

function describeInstances(request: URLSearchParams, machines: ReadonlyMap<string, Held>): Answer {
  const ids = [...request].filter(([name]) => /^InstanceId\.\d+$/.test(name)).map(([, id]) => id);
  const unknown = ids.filter((id) => !machines.has(id));
  if (unknown.length > 0) {
    const several = unknown.length > 1;
    const message = `The instance ID${several ? 's' : ''} '${unknown.join(', ')}' do${several ? '' : 'es'} not exist`;
    return problem('InvalidInstanceID.NotFound', message);
  }
  const asked = ids.length === 0 ? [...machines.values()] : ids.flatMap((id) => machines.get(id) ?? []);
  const set = `<reservationSet>${asked.map(reservation).join('')}</reservationSet>`;
  return {
    status: 200,
    xml: `<DescribeInstancesResponse xmlns="${XMLNS}">${element('requestId', randomUUID())}${set}</DescribeInstancesResponse>`,
  };
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > MAX_BODY_BYTES) throw new RangeError('the body is too long');
  }
  return new URLSearchParams(body);
}

/**
 * The one call of EC2 that Onedoor makes, DescribeInstances, over the real query protocol on loopback, so that the
 * registrar asks about local machines with the client that it has on AWS.
 *
 * @param options.port 0: any free one
 */
export async function startEc2Endpoint(options: { port?: number } = {}): Promise<Ec2Endpoint> {
  const machines = new Map<string, Held>();
  const answer = (request: URLSearchParams): Answer => {
    const action = request.get('Action') ?? '';
    if (action === 'DescribeInstances') return describeInstances(request, machines);
    return problem('InvalidAction', `The action ${action} is not valid for this web service.`);
  };
  const server = createServer((request, response) => {
    readForm(request)
      .then(answer, () => problem('InvalidRequest', 'The request cannot be read.'))
      .then(({ status, xml }) => {
        response.writeHead(status, { 'Content-Type': 'text/xml;charset=UTF-8' });
        response.end(`<?xml version="1.0" encoding="UTF-8"?>\n${xml}`);
      });
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    register(instance) {
      machines.set(instance.instanceId, { instance, state: 'running' });
    },
    remove(instanceId) {
      const held = machines.get(instanceId);
      if (held) machines.set(instanceId, { ...held, state: 'terminated' });
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
