/**
 * What Agones' published OpenAPI documents say of its SDK: sdks/swagger/{sdk,beta,alpha}.swagger.json of
 * https://github.com/googleforgames/agones (main, 2025), by path and method, with the fields of bodies and answers.
 * Facts alone; names and numbers of 64 bits are texts there.
 */
export const OPENAPI: readonly {
  readonly method: string;
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Fields of the 200 answer with the type of each. */
  readonly answer: Readonly<Record<string, 'int64' | 'string' | 'string[]' | 'boolean' | 'object'>>;
}[] = [
  { method: 'POST', path: '/ready', body: {}, answer: {} },
  { method: 'POST', path: '/health', body: {}, answer: {} },
  { method: 'POST', path: '/allocate', body: {}, answer: {} },
  { method: 'POST', path: '/reserve', body: { seconds: '5' }, answer: {} },
  { method: 'PUT', path: '/metadata/label', body: { key: 'k', value: 'v' }, answer: {} },
  { method: 'PUT', path: '/metadata/annotation', body: { key: 'k', value: 'v' }, answer: {} },
  { method: 'GET', path: '/gameserver', answer: { object_meta: 'object', spec: 'object', status: 'object' } },
  { method: 'PUT', path: '/alpha/player/capacity', body: { count: '5' }, answer: {} },
  { method: 'GET', path: '/alpha/player/capacity', answer: { count: 'int64' } },
  { method: 'POST', path: '/alpha/player/connect', body: { playerID: 'ann' }, answer: { bool: 'boolean' } },
  { method: 'GET', path: '/alpha/player/connected', answer: { list: 'string[]' } },
  { method: 'GET', path: '/alpha/player/connected/ann', answer: { bool: 'boolean' } },
  { method: 'GET', path: '/alpha/player/count', answer: { count: 'int64' } },
  { method: 'POST', path: '/alpha/player/disconnect', body: { playerID: 'ann' }, answer: { bool: 'boolean' } },
  ...['/v1alpha1', '/v1beta1'].flatMap((version) => [
    { method: 'GET', path: `${version}/counters/rooms`, answer: counter() },
    { method: 'PATCH', path: `${version}/counters/rooms`, body: { countDiff: '1' }, answer: counter() },
    { method: 'GET', path: `${version}/lists/members`, answer: list() },
    { method: 'PATCH', path: `${version}/lists/members`, body: { capacity: '3', values: ['a'] }, answer: list() },
    { method: 'POST', path: `${version}/lists/members:addValue`, body: { value: 'b' }, answer: list() },
    { method: 'POST', path: `${version}/lists/members:removeValue`, body: { value: 'b' }, answer: list() },
  ]),
  { method: 'POST', path: '/shutdown', body: {}, answer: {} },
];

function counter() {
  return { name: 'string', count: 'int64', capacity: 'int64' } as const;
}

function list() {
  return { name: 'string', capacity: 'int64', values: 'string[]' } as const;
}
