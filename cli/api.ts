import { UsageError } from '../adapters/cli/flags.ts';

/** A server as the HTTP API names it. */
export interface NamedServer {
  readonly id: string;
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly app: string;
  readonly world: string;
  readonly group: string;
}

/** Why this server (docs/openapi.yaml, `explain`). */
export interface Explanation {
  readonly policy: string;
  readonly candidates: number;
  readonly rosterVersion: number;
  readonly rosterAgeMs: number;
  readonly refused: readonly { readonly id: string; readonly code: string }[];
}

/** A seat that was given. */
export interface Assignment {
  readonly id: string;
  readonly server: NamedServer;
  readonly ticket: string;
  readonly activateBy: number;
  readonly alternates: readonly NamedServer[];
  readonly explain?: Explanation;
  readonly seats?: readonly { readonly client: string; readonly id: string; readonly ticket: string }[];
}

/** A problem document (RFC 9457). */
export interface Problem {
  readonly code: string;
  readonly detail?: string;
  readonly retryAfterMs?: number;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

const TIMEOUT_MS = 10_000;

async function call(base: string, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(base + path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const { cause, message } = error as Error & { readonly cause?: NodeJS.ErrnoException };
    throw new UsageError(
      `the HTTP API at ${base} does not answer (${cause?.code ?? message}); name another with --http URL`,
    );
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    const { code, ...rest } = JSON.parse(text) as Partial<Problem>;
    if (typeof code === 'string') return { code, ...rest };
  } catch {
    // Not ours: a proxy or a load balancer in between.
  }
  return { code: `HTTP ${response.status}`, detail: text.slice(0, 120).trim() };
}

/** `POST /v1/assignments`. Throws UsageError if the API does not answer. */
export async function requestAssignment(
  base: string,
  body: object,
  key?: string,
): Promise<{ readonly ok: true; readonly assignment: Assignment } | { readonly ok: false; readonly problem: Problem }> {
  const response = await call(base, '/v1/assignments', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) },
    body: JSON.stringify(body),
  });
  if (response.status !== 201) return { ok: false, problem: await problemOf(response) };
  return { ok: true, assignment: (await response.json()) as Assignment };
}

/** `DELETE /v1/assignments/{id}`: undefined if the server heard of it, else why not. */
export async function releaseAssignment(
  base: string,
  seat: { readonly id: string; readonly ticket: string },
): Promise<Problem | undefined> {
  const headers = { authorization: `Bearer ${seat.ticket}` };
  const response = await call(base, `/v1/assignments/${encodeURIComponent(seat.id)}`, { method: 'DELETE', headers });
  return response.status === 200 ? undefined : await problemOf(response);
}

/** `GET` of a JSON document, with how long it took and the date that the API's own clock says. */
export async function getJson<T>(
  base: string,
  path: string,
): Promise<{ readonly body: T; readonly tookMs: number; readonly wallMs: number | undefined }> {
  const startedMs = performance.now();
  const response = await call(base, path, {});
  if (!response.ok) {
    const { code, detail = '' } = await problemOf(response);
    throw new UsageError(`${base}${path} answers ${code} ${detail}`.trimEnd());
  }
  const wallMs = Date.parse(response.headers.get('date') ?? '');
  const body = (await response.json()) as T;
  return { body, tookMs: performance.now() - startedMs, wallMs: Number.isNaN(wallMs) ? undefined : wallMs };
}

/** One line for people. */
export function problemLine({ code, detail, retryAfterMs, errors = [] }: Problem): string {
  const wait = retryAfterMs === undefined ? '' : `; again in ${(retryAfterMs / 1000).toFixed(1)} s`;
  const where = errors.map(({ path, message }) => ` [${path}: ${message}]`).join('');
  return `refused: ${code}${detail === undefined ? '' : ` (${detail})`}${where}${wait}`;
}

/** `203.0.113.7, game 7777, probe 7000` */
export function addressLine({ ipv4, ipv6, ports }: Pick<NamedServer, 'ipv4' | 'ipv6' | 'ports'>): string {
  const addresses = [ipv4, ipv6].filter((text) => text !== undefined).join(' and ');
  const named = Object.entries(ports).map(([role, port]) => `${role} ${port}`);
  return [addresses, ...named].join(', ');
}
