import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Access } from './access.ts';
import { RequestSigner } from './signature.ts';

export interface ServiceOptions {
  /** `dynamodb`, `secretsmanager`: in the host's name and in the signature. */
  readonly name: string;
  /** Before the operation in `x-amz-target`. */
  readonly target: string;
  readonly contentType: 'application/x-amz-json-1.0' | 'application/x-amz-json-1.1';
  readonly access: Access;
  /** @default the region's, `https://<name>.<region>.amazonaws.com` */
  readonly endpoint?: string;
  /** Wall time in ms. @default Date.now */
  readonly wallMs?: () => number;
}

export interface CallOptions {
  /** Ends the call, whatever part of it hangs. */
  readonly signal?: AbortSignal;
}

/** An answer that is no success. `name` is the service's error code, as in its API reference. */
export class ServiceError extends Error {
  readonly status: number;
  /** What came with the code: the item of a failed condition, for example. */
  readonly body: Readonly<Record<string, unknown>>;

  constructor(name: string, status: number, body: Readonly<Record<string, unknown>>) {
    const { message, Message } = body;
    super(String(message ?? Message ?? `HTTP status ${status}`));
    this.name = name;
    this.status = status;
    this.body = body;
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly date: string | undefined;
}

/** Codes by which services refuse a time that is not theirs (AWS General Reference, "Troubleshoot signed requests"). */
const WRONG_TIME = new Set([
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'RequestExpired',
  'RequestTimeTooSkewed',
  'AuthFailure',
]);
/** Services allow 5 minutes; nearer than that the wall clock here is good enough. */
const SKEW_MS = 4 * 60_000;
/** Connections at once, as many as a busy gateway has writes under way. */
const MAX_SOCKETS = 128;

function hostOf(name: string, region: string): string {
  return `${name}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function receive(request: ClientRequest, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, text, date: response.headers.date });
      });
    });
    request.end(body);
  });
}

/**
 * One AWS service with a JSON protocol (AWS JSON 1.0 and 1.1), for the few operations that are called often or at the
 * start of a function: signed, on connections that are kept, tried once. A wall clock that is off is put right by the
 * service's own, as soon as it refuses a call for it.
 */
export class JsonService {
  readonly #options: ServiceOptions;
  readonly #wallMs: () => number;
  #where: Promise<{ readonly url: URL; readonly signer: RequestSigner; readonly agent: HttpAgent }> | undefined;
  #skewMs = 0;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#wallMs = options.wallMs ?? Date.now;
  }

  /** Throws ServiceError, Node's errors of connections, or the signal's reason. */
  async call(operation: string, body: string, { signal }: CallOptions = {}): Promise<string> {
    let answer = await this.#send(operation, body, signal);
    if (answer.status === 200) return answer.text;
    let error = failure(answer);
    if (WRONG_TIME.has(error.name) && this.#learnTime(answer.date)) {
      answer = await this.#send(operation, body, signal);
      if (answer.status === 200) return answer.text;
      error = failure(answer);
    }
    throw error;
  }

  /** Closes the connections. */
  destroy(): void {
    void this.#where?.then(
      ({ agent }) => agent.destroy(),
      () => {},
    );
  }

  async #send(operation: string, body: string, signal: AbortSignal | undefined): Promise<Answer> {
    const { access, contentType, target } = this.#options;
    this.#where ??= this.#find();
    const { url, signer, agent } = await this.#where.catch((error) => {
      // What is missing now may be there at the next call.
      this.#where = undefined;
      throw error;
    });
    const credentials = await access.credentials();
    const unsigned = { 'content-type': contentType, host: url.host, 'x-amz-target': `${target}.${operation}` };
    const headers = signer.sign(unsigned, body, credentials, this.#wallMs() + this.#skewMs);
    headers['content-length'] = String(Buffer.byteLength(body));
    signal?.throwIfAborted();
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const { hostname, port } = url;
    // Node wants an IPv6 address without its brackets.
    const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    return await receive(
      send({ method: 'POST', path: '/', host, port, agent, headers, ...(signal && { signal }) }),
      body,
    );
  }

  async #find() {
    const { name, access, endpoint } = this.#options;
    const region = await access.region();
    const url = new URL(endpoint ?? `https://${hostOf(name, region)}`);
    const keep = { keepAlive: true, maxSockets: MAX_SOCKETS };
    const agent = url.protocol === 'https:' ? new HttpsAgent(keep) : new HttpAgent(keep);
    return { url, agent, signer: new RequestSigner({ service: name, region }) };
  }

  /** True if the service's clock says that ours is the reason. */
  #learnTime(date: string | undefined): boolean {
    const theirs = Date.parse(date ?? '');
    const skewMs = theirs - this.#wallMs();
    if (Number.isNaN(theirs) || Math.abs(skewMs - this.#skewMs) < SKEW_MS) return false;
    this.#skewMs = skewMs;
    return true;
  }
}

function failure({ status, text }: Answer): ServiceError {
  const body = parse(text);
  // `com.amazonaws.dynamodb.v20120810#ThrottlingException`, or the name alone.
  const type = typeof body['__type'] === 'string' ? body['__type'].split('#').at(-1) : undefined;
  return new ServiceError(type || `Http${status}`, status, body);
}
