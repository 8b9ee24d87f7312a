/** Requests in pages: every `curl` asks for something that exists. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** Where a program other than the HTTP API listens: the file that names its paths. */
const OTHERS: readonly { readonly port: RegExp; readonly file: string }[] = [
  { port: /^71\d\d$/, file: 'agents/loopback-api.ts' },
  { port: /^17080$/, file: 'door/health.ts' },
];

interface Api {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

function isOfApi(root: string, method: string, path: string): boolean {
  const { paths } = parse(readFileSync(join(root, 'docs/openapi.yaml'), 'utf8')) as Api;
  return Object.entries(paths).some(
    ([template, methods]) =>
      new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path) &&
      method.toLowerCase() in methods,
  );
}

function isOfLocalSystem(root: string, method: string, path: string): boolean {
  const [, action] = /^\/local\/servers\/[^/]+\/([a-z-]+)$/.exec(path) ?? [];
  const source = readFileSync(join(root, 'local/control.ts'), 'utf8');
  return method === 'POST' && action !== undefined && new RegExp(`^ {2}'?${action}'?: `, 'm').test(source);
}

/** What is wrong with the request of this `curl`. Requests to other hosts than examples of ours are not judged. */
export function routeComplaint(root: string, words: readonly string[]): string | undefined {
  const given = words[words.findIndex((word) => /^(-X|--request)$/.test(word)) + 1];
  const method = words.some((word) => /^(-X|--request)$/.test(word))
    ? (given ?? '')
    : words.some((word) => /^(-d|--data)/.test(word))
      ? 'POST'
      : 'GET';
  const url = words.find((word) => /^(https?:\/\/)?[\d.]+(:\d+)?\//.test(word));
  if (url === undefined) return undefined;
  const [, port = '80', path = ''] =
    /^(?:https?:\/\/)?[\d.]+(?::(\d+))?(\/[^?]*)/.exec(url.replaceAll(/\$\(.*\)/g, 'x')) ?? [];
  const other = OTHERS.find((one) => one.port.test(port));
  const isThere = other
    ? readFileSync(join(root, other.file), 'utf8').includes(`'${path}'`)
    : isOfApi(root, method, path) || isOfLocalSystem(root, method, path);
  return isThere ? undefined : `curl: nobody answers ${method} ${path}`;
}
