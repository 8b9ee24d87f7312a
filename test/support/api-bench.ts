import { createVerifier } from '../../adapters/crypto/verifier.ts';
import { type ApiOptions, createApi, type RequestRecord } from '../../adapters/http/api.ts';
import type { HttpRequest, HttpResponse } from '../../adapters/http/types.ts';
import { createMemoryAnswerStore } from '../../adapters/memory/answer-store.ts';
import { createMemoryWatchStore } from '../../adapters/memory/watch-store.ts';
import type { AssignerOptions } from '../../core/assign/assigner.ts';
import { createReleaseDesk } from '../../core/assign/release-desk.ts';
import { createSameAnswer } from '../../core/assign/same-answer.ts';
import type { AnswerStore, PublicKey, WatchStore } from '../../core/ports.ts';
import { createReportDesk } from '../../core/suspect/reports.ts';
import { type AssignBench, anAssignBench, twoSmallServers } from './assign-bench.ts';
import type { ListedServer } from './build-view.ts';
import { keysOf } from './tickets.ts';

export interface ApiBench extends AssignBench {
  readonly publicKey: PublicKey;
  /** What was reported of each request. */
  readonly records: RequestRecord[];
  readonly watch: WatchStore;
  /** What was answered to requests with a key. */
  readonly answers: AnswerStore;
  /** Servers that are suspect by what clients reported. */
  readonly suspected: string[];
  /** Ids of the servers that were told that a client leaves. */
  readonly left: string[];
  /** False: no server answers. */
  serversAnswer: boolean;
  /** False: there is no roster that may be used. */
  rosterUsable: boolean;
  /** `POST /v1/assignments` with this as JSON. */
  assign(body?: unknown, headers?: Readonly<Record<string, string>>): Promise<HttpResponse>;
  get(pathAndQuery: string, headers?: Readonly<Record<string, string>>): Promise<HttpResponse>;
  send(request: Partial<HttpRequest>): Promise<HttpResponse>;
}

/** The HTTP API over a registry in memory, signing with real keys. */
export async function anApiBench(
  servers: readonly ListedServer[] = twoSmallServers(),
  options: Partial<AssignerOptions> = {},
  more: Pick<ApiOptions, 'limit'> = {},
): Promise<ApiBench> {
  const bench = await anAssignBench(servers);
  const { signer, publicKey } = keysOf();
  const assigner = bench.assigner({ signer, ...options });
  const records: RequestRecord[] = [];
  const watch = createMemoryWatchStore();
  const suspected: string[] = [];
  const left: string[] = [];
  const answers = createMemoryAnswerStore();
  const extra: ApiBench = Object.assign(bench, {
    publicKey,
    records,
    watch,
    answers,
    suspected,
    left,
    serversAnswer: true,
    rosterUsable: true,
    assign: (body?: unknown, headers: Readonly<Record<string, string>> = {}) =>
      extra.send({
        method: 'POST',
        path: '/v1/assignments',
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
      }),
    get: (pathAndQuery: string, headers: Readonly<Record<string, string>> = {}) => {
      const { pathname, searchParams } = new URL(pathAndQuery, 'http://door');
      const query: Record<string, string[]> = {};
      for (const name of searchParams.keys()) query[name] = searchParams.getAll(name);
      return extra.send({ path: pathname, query, headers });
    },
    send: async (request: Partial<HttpRequest>) =>
      await api({ method: 'GET', path: '/', query: {}, headers: {}, sourceAddress: '198.51.100.7', ...request }),
  });
  const tickets = {
    verify: async () => createVerifier([publicKey]),
    iss: 'test',
    view: () => assigner.view(),
    clock: bench.clock,
  };
  const api = createApi({
    assigner,
    same: createSameAnswer({ assigner, store: answers, signer, clock: bench.clock }),
    roster: { view: () => assigner.view(), refresh: async () => extra.rosterUsable },
    signer,
    publicKeys: async () => [publicKey],
    releases: createReleaseDesk({
      ...tickets,
      tell: async ({ id }) => {
        left.push(id);
        return extra.serversAnswer;
      },
    }),
    reports: createReportDesk({
      ...tickets,
      watch,
      store: bench.store,
      onSuspect: (id) => suspected.push(id),
    }),
    keepalive: { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 },
    report: (record) => records.push(record),
    ...more,
  });
  return extra;
}

export function bodyOf<T = Record<string, unknown>>(response: HttpResponse): T {
  return JSON.parse(Buffer.from(response.body).toString()) as T;
}
