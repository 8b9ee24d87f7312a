import type { ClientRequest, Agent as HttpAgent, IncomingMessage, RequestOptions } from 'node:http';
import type { Access } from './access.ts';
import { RequestSigner } from './signature.ts';

export interface ServiceOptions {
  /** `dynamodb`, `secretsmanager`: in the host's name and in the signature. */
  readonly name: string;
  /** Before the operation in `x-amz-target`. */
  readonly target: string;
  readonly contentType: 'application/x-amz-json-1.0' | 'application/x-amz-json-1.1';
  /** Further fields of every call. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  readonly access: Access;
  /** @default the region's, `https://<name>.<region>.amazonaws.com` */
  readonly endpoint?: string;
  /** Wall time in ms. @default Date.now */
  readonly wallMs?: () => number;
}

export interface CallOptions {
  /** Ends the call, whatever part of it hangs. @default never */
  readonly timeoutMs?: number;
  /** Doing it twice does no harm: sent again at once where a kept connection turns out to be closed. @default false */
  readonly repeatable?: boolean;
}

/** No answer within the call's time. */
class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
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

  /** Whether the same call may succeed a little later. */
  get isPassing(): boolean {
    return this.status >= 500 || LATER.has(this.name);
  }
}

/** Client faults (HTTP 4xx) that mean "later", not "no". */
const LATER = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'LimitExceededException',
]);

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

/** A timer of its own costs a tenth of an AbortSignal that Node must watch. */
function receive(request: ClientRequest, body: string, timeoutMs: number | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const late = () => request.destroy(new TimeoutError(`no answer within ${timeoutMs} ms`));
    const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    request.on('error', fail);
    request.on('response', (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', fail);
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, text, date: response.headers.date });
      });
    });
    request.end(body);
  });
}

/** A service closes a connection that was idle for long, perhaps just when the next request is on its way. */
const CLOSED = new Set(['ECONNRESET', 'EPIPE']);

function wasClosed(request: ClientRequest, error: unknown): boolean {
  return request.reusedSocket && CLOSED.has((error as NodeJS.ErrnoException).code ?? '');
}

type Send = (options: RequestOptions) => ClientRequest;

/** Where the calls go. */
interface Place {
  readonly send: Send;
  /** What is the same in every request. */
  readonly to: RequestOptions;
  readonly host: string;
  readonly agent: HttpAgent;
  readonly signer: RequestSigner;
}

/**
 * One AWS service with a JSON protocol (AWS JSON 1.0 and 1.1), for the few operations that are called often or at the
 * start of a function: signed, on connections that are kept, tried once. A wall clock that is off is put right by the
 * service's own, as soon as it refuses a call for it.
 */
export class JsonService {
  readonly #options: ServiceOptions;
  readonly #wallMs: () => number;
  #where: Promise<Place> | undefined;
  #skewMs = 0;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#wallMs = options.wallMs ?? Date.now;
  }

  /** Throws ServiceError, Node's errors of connections, or an error named TimeoutError. */
  async call(operation: string, body: string, options: CallOptions = {}): Promise<string> {
    let answer = await this.#send(operation, body, options);
    if (answer.status === 200) return answer.text;
    let error = failure(answer);
    if (WRONG_TIME.has(error.name) && this.#learnTime(answer.date)) {
      answer = await this.#send(operation, body, options);
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

  async #send(operation: string, body: string, { timeoutMs, repeatable }: CallOptions): Promise<Answer> {
    const startedMs = performance.now();
    const { access, contentType, target, headers: more } = this.#options;
    this.#where ??= this.#find();
    const { send, to, host, agent, signer } = await this.#where.catch((error) => {
      // What is missing now may be there at the next call.
      this.#where = undefined;
      throw error;
    });
    const credentials = await access.credentials();
    const unsigned = { 'content-type': contentType, host, 'x-amz-target': `${target}.${operation}`, ...more };
    const headers = signer.sign(unsigned, body, credentials, this.#wallMs() + this.#skewMs);
    headers['content-length'] = String(Buffer.byteLength(body));
    const left = (): number | undefined => {
      if (timeoutMs === undefined) return undefined;
      const leftMs = timeoutMs - (performance.now() - startedMs);
      if (leftMs > 0) return Math.ceil(leftMs);
      throw new TimeoutError(`no answer within ${timeoutMs} ms`);
    };
    const leftMs = left();
    const request = send({ ...to, agent, headers });
    try {
      return await receive(request, body, leftMs);
    } catch (error) {
      if (!repeatable || !wasClosed(request, error)) throw error;
    }
    // The other kept connections are as old: this one is new.
    const againMs = left();
    return await receive(send({ ...to, agent: false, headers }), body, againMs);
  }

  /** Node's HTTP is loaded here: it takes most of the time in which a function's bundle loads. */
  async #find(): Promise<Place> {
    const { name, access, endpoint } = this.#options;
    const region = await access.region();
    const { protocol, host, hostname, port } = new URL(endpoint ?? `https://${hostOf(name, region)}`);
    const { Agent, request } = protocol === 'https:' ? await import('node:https') : await import('node:http');
    return {
      send: request,
      // Node wants an IPv6 address without its brackets.
      to: { method: 'POST', path: '/', host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname, port },
      host,
      agent: new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
      signer: new RequestSigner({ service: name, region }),
    };
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
