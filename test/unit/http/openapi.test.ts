import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROUTES, type RouteName } from '../../../adapters/http/routes.ts';
import { SCHEMAS } from '../../../adapters/http/schemas.ts';
import { codeInfo, type ErrorCode } from '../../../core/errors.ts';
import { problemSchema } from '../../support/problem-schema.ts';

type Json = Record<string, unknown>;

interface Content {
  readonly schema: Json;
  readonly examples?: Record<string, { readonly value: unknown }>;
}

interface Response {
  readonly description: string;
  readonly headers?: Json;
  readonly content?: Record<string, Content>;
}

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Record<string, Content> };
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Json }[];
  readonly responses: Record<string, Response>;
}

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const document = resolve(parse(read('docs/openapi.yaml'))) as {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, Json> };
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
);

/** The document with every `$ref` replaced by what it names. */
function resolve(root: unknown, node: unknown = root): unknown {
  if (Array.isArray(node)) return node.map((item) => resolve(root, item));
  if (typeof node !== 'object' || node === null) return node;
  const { $ref } = node as { $ref?: string };
  if ($ref === undefined)
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolve(root, value)]));
  const target = $ref
    .slice('#/'.length)
    .split('/')
    .reduce((at, key) => (at as Json)[key], root as unknown);
  expect(target, $ref).toBeDefined();
  return resolve(root, target);
}

/** What the code says, in the words of OpenAPI 3.1. An empty list of required fields says nothing. */
function schemaOf(schema: v.GenericSchema): Json {
  const { $schema: _, ...rest } = toJsonSchema(schema, {
    target: 'draft-2020-12',
    typeMode: 'output',
    ignoreActions: ['check'],
  });
  const { required, ...others } = rest as Json & { required?: unknown[] };
  return required?.length === 0 ? others : { ...rest };
}

function operationOf(name: RouteName): Operation {
  const { method, path } = ROUTES[name];
  const operation = document.paths[path]?.[method.toLowerCase()];
  if (!operation) throw new Error(`docs/openapi.yaml must have ${method} ${path}`);
  return operation;
}

const names = Object.keys(ROUTES) as RouteName[];
const examplesOf = (content: Content | undefined): unknown[] =>
  Object.values(content?.examples ?? {}).map(({ value }) => value);

/** The codes of a problem response. */
function codesOf({ content }: Response): ErrorCode[] {
  const schema = content?.['application/problem+json']?.schema as { allOf?: Json[] } | undefined;
  const [base, own] = schema?.allOf ?? [];
  if (!own) return [];
  expect(base).toEqual(schemaOf(problemSchema));
  return (own['properties'] as { code: { enum: ErrorCode[] } }).code.enum;
}

describe('docs/openapi.yaml', () => {
  it('is of this version of the product', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info.version).toBe((JSON.parse(read('package.json')) as { version: string }).version);
  });

  it('has the routes of the router and no others', () => {
    const described = operations.map(({ method, path, operation }) => `${operation.operationId}: ${method} ${path}`);

    expect(described.sort()).toEqual(
      names.map((name) => `${name}: ${ROUTES[name].method} ${ROUTES[name].path}`).sort(),
    );
  });

  it('has the schema of a problem document', () => {
    expect(document.components.schemas['Problem']).toEqual(schemaOf(problemSchema));
  });

  it('lists exactly the codes that the API refuses with', () => {
    const folders = ['adapters/http/*.ts', 'core/assign/*.ts', 'core/select/*.ts', 'core/suspect/*.ts'];
    const sources = globSync([...folders, 'core/ticket/{decode,verify}.ts'], { cwd: ROOT });
    const found = sources.flatMap((path) => read(path).match(/'(http|assign|door|ticket)\.[a-z-]+'/g) ?? []);
    // A report may be of any server.
    const used = found.filter((code) => code !== "'ticket.wrong-server'");
    const listed = operations.flatMap(({ operation }) => Object.values(operation.responses).flatMap(codesOf));

    expect([...new Set(listed)].sort()).toEqual([...new Set(used.map((code) => code.slice(1, -1)))].sort());
  });
});

describe.each(names)('docs/openapi.yaml says of %s', (name) => {
  const route: { query?: v.GenericSchema; body?: v.GenericSchema; answer: v.GenericSchema; status: number } = {
    ...SCHEMAS[name],
    status: ROUTES[name].status,
  };
  const operation = operationOf(name);
  const success = operation.responses[String(route.status)]?.content?.['application/json'];

  it('what it answers', () => {
    expect(success?.schema).toEqual(schemaOf(route.answer));
  });

  it('what its body may be', () => {
    const schema = operation.requestBody?.content['application/json']?.schema;

    expect(schema).toEqual(route.body && schemaOf(route.body));
  });

  it('what its query may be', () => {
    const inQuery = operation.parameters?.filter((parameter) => parameter.in === 'query') ?? [];
    const properties = Object.fromEntries(inQuery.map(({ name: parameter, schema }) => [parameter, schema]));

    expect(properties).toEqual(route.query ? schemaOf(route.query)['properties'] : {});
  });

  it('examples that hold', () => {
    const answers = examplesOf(success);
    const bodies = examplesOf(operation.requestBody?.content['application/json']);

    expect(answers.length).toBeGreaterThan(0);
    for (const answer of answers) expect(v.safeParse(route.answer, answer).issues).toBeUndefined();
    expect(bodies.length > 0).toBe(route.body !== undefined);
    for (const body of bodies) expect(v.safeParse(route.body!, body).issues).toBeUndefined();
  });

  it('each refusal under its status, with examples that hold', () => {
    for (const [status, response] of Object.entries(operation.responses)) {
      const codes = codesOf(response);
      expect(codes.length > 0).toBe(status === 'default' || Number(status) >= 400);
      if (status !== 'default')
        for (const code of codes) expect([code, codeInfo(code).http]).toEqual([code, Number(status)]);
      for (const example of examplesOf(response.content?.['application/problem+json'])) {
        const { code, title, status: said, detail, type } = v.parse(problemSchema, example);
        const { http, means, remedy } = codeInfo(code as ErrorCode);
        expect(codes).toContain(code);
        expect({ type, title, said, detail }).toEqual({
          type: `urn:onedoor:error:${code}`,
          title: means,
          said: http,
          detail: remedy,
        });
      }
    }
  });
});
