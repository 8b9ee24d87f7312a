/** Code in pages: TypeScript is compiled, settings are read by the programs' own parsers, other languages have their tests. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { parseDeployConfig } from '../../core/config/parse-deploy-config.ts';
import { parseRuntimeConfig } from '../../core/config/runtime-config.ts';
import type { Fence, Page } from './pages.ts';

/** Who compiles or runs the code of a language; `says` must stand in a page whose code nobody here can. */
const ELSEWHERE: Readonly<Record<string, { readonly by: string } | { readonly says: RegExp }>> = {
  c: { by: 'tools/docs-c-page.ts' },
  csharp: { by: 'test/real/csharp-page.test.ts' },
  gdscript: { by: 'test/real/gdscript-game.test.ts' },
  html: { by: 'test/real/browser.test.ts' },
  hex: { by: 'test/unit/wire/protocol-document.test.ts' },
  cpp: { says: /nobody here has compiled/ },
};

const HERE = ['sh', 'text', 'ts', 'json', 'yaml'];

function settings(fence: Fence): void {
  if (fence.language === 'yaml') parseYaml(fence.code);
  if (fence.language !== 'json') return;
  const value: unknown = JSON.parse(fence.code);
  // What names a deployment or a policy is an ONEDOOR_CONFIG.
  if (value instanceof Object && ('deployment' in value || 'policy' in value)) parseRuntimeConfig(fence.code);
}

function fenceComplaint(root: string, page: Page, fence: Fence): string | undefined {
  const { language } = fence;
  if (language === '') return 'says no language (sh, text, ts, …)';
  try {
    settings(fence);
  } catch (error) {
    return (error as Error).message;
  }
  if (HERE.includes(language)) return undefined;
  const elsewhere = ELSEWHERE[language];
  if (!elsewhere) return `nobody compiles or runs ${language}`;
  if ('by' in elsewhere)
    return existsSync(join(root, elsewhere.by)) ? undefined : `${elsewhere.by}, which runs it, is not there`;
  return elsewhere.says.test(page.text)
    ? undefined
    : `the page does not say that its ${language} is ${elsewhere.says.source}`;
}

/** What is wrong with the blocks of a page, TypeScript aside. */
export function codeComplaints(root: string, page: Page): string[] {
  return page.fences.flatMap((fence) => {
    const complaint = fenceComplaint(root, page, fence);
    return complaint === undefined ? [] : [`line ${fence.line}: ${complaint}`];
  });
}

/** A block of a page as a module of its own: what pages leave out, for it was said before, is declared in front. */
function program(root: string, page: Page, code: string): string {
  const client = JSON.stringify(join(root, page.path.endsWith('browser.md') ? 'client/browser.ts' : 'client/index.ts'));
  const imports = [...code.matchAll(/^import .*$/gm)]
    .join('\n')
    .replaceAll(/'\.\/(onedoor\.mjs|client\/index\.ts)'/g, client);
  const config = JSON.stringify(join(root, 'core/config/deploy-config.ts'));
  const own = code.replaceAll(/^import .*\n/gm, '');
  const missing = [
    ...(/\bconnect\(/.test(own) && !/\bconnect\b/.test(imports) ? ['connect'] : []),
    ...(/\bOnedoorError\b/.test(own) && !/\bOnedoorError\b/.test(imports) ? ['OnedoorError'] : []),
  ];
  return [
    page.path.endsWith('browser.md') ? '/// <reference lib="dom" />' : '',
    imports,
    missing.length > 0 ? `import { ${missing.join(', ')} } from ${client};` : '',
    /\bDeployInput\b/.test(own) ? `import type { DeployInput } from ${config};` : '',
    /\bsession\b/.test(own) && !/\b(const|let) session\b/.test(own)
      ? `declare const session: import(${client}).Session;`
      : '',
    own,
    'export {};',
  ].join('\n');
}

/** Compiles the TypeScript of all pages at once; what the compiler says, with the page in place of the file. */
export function typeComplaints(root: string, pages: readonly Page[]): string[] {
  // Inside the repository, so that the compiler finds the types of Node.
  mkdirSync(join(root, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(root, '.cache/docs-'));
  const names = new Map<string, string>();
  try {
    for (const page of pages) {
      for (const fence of page.fences.filter(({ language }) => language === 'ts')) {
        const name = `${page.path.replaceAll(/\W/g, '-')}-${fence.line}.ts`;
        names.set(name, `${page.path}: line ${fence.line}`);
        writeFileSync(join(folder, name), program(root, page, fence.code));
      }
    }
    if (names.size === 0) return [];
    const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, noEmit: true };
    const project = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'], exclude: [] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project));
    const { stdout, status } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder, '--pretty', 'false'], {
      encoding: 'utf8',
    });
    if (status === 0) return [];
    const lines = stdout.trim().split('\n');
    return lines.map((line) =>
      line.replace(/^.*?([\w-]+\.ts)\(\d+,\d+\)/, (_, name: string) => names.get(name) ?? name),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The configurations of deployments in the pages' TypeScript, read by the program that deploys them. */
export async function configComplaints(page: Page): Promise<string[]> {
  const found = page.fences.filter(({ language, code }) => language === 'ts' && /: DeployInput = /.test(code));
  const judged = found.map(async ({ code, line }) => {
    const source = Buffer.from(code.replace(/: DeployInput = /, ' = ')).toString('base64');
    const module = (await import(`data:text/javascript;base64,${source}`)) as { readonly config: unknown };
    try {
      parseDeployConfig(module.config);
      return [];
    } catch (error) {
      return [`line ${line}: ${(error as Error).message}`];
    }
  });
  return (await Promise.all(judged)).flat();
}

/** Pages, or parts of them, that programs write. */
export function generatedComplaint(root: string, path: string, script: string, wanted: string): string[] {
  const file = join(root, path);
  if (existsSync(file) && readFileSync(file, 'utf8') === wanted) return [];
  return [`${path}: is not what \`npm run ${script}\` writes: run it`];
}
