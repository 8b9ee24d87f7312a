/** Checks the import graph: `node tools/import-graph.ts`. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult, type IModule } from 'dependency-cruiser';
import { transformSync } from 'esbuild';
import { importRules } from './import-rules.ts';

/** Below this many modules the cruise has looked at the wrong place (or at nothing): raise it as the tree grows. */
const MODULES_FLOOR = 200;

const FOLDERS = [
  'adapters',
  'agents',
  'bench',
  'bin',
  'cli',
  'client',
  'core',
  'door',
  'examples',
  'lambda',
  'lib',
  'local',
  'page',
  'test',
  'tools',
];

/** The one rule that dependency-cruiser cannot express. */
export const UNTESTED = 'core-file-has-a-test';

interface Graph {
  /** Modules of the tree itself; packages and Node's modules are not counted. */
  readonly modules: number;
  readonly violations: readonly { readonly rule: string; readonly from: string; readonly to: string }[];
}

/** The graph of all TypeScript under `root`, judged by every rule. */
export async function importGraph(root: string): Promise<Graph> {
  const folders = FOLDERS.filter((folder) => globSync(`${folder}/**/*.ts`, { cwd: root }).length > 0);
  const { output } = await cruise(
    folders,
    {
      baseDir: root,
      // Type-only imports count: without this one from an SDK into core/ passes unseen.
      tsPreCompilationDeps: true,
      // Through TypeScript 7 dependency-cruiser sees no files at all.
      parser: 'swc',
      doNotFollow: { path: '^node_modules/' },
      // A peer's server has the peer's own packages, which the bench installs.
      exclude: { path: '(^|/)(dist|cdk\\.out|\\.cache|bench/peers/colyseus)/' },
      combinedDependencies: true,
      validate: true,
      ruleSet: { forbidden: importRules() },
    },
    {
      extensions: ['.ts', '.mts', '.js', '.mjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
    },
  );
  const { modules, summary } = output as ICruiseResult;
  const own = modules.filter(({ source }) => source.endsWith('.ts') && existsSync(join(root, source)));
  return {
    modules: own.length,
    violations: [
      ...summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
      ...untestedCore(root, own).map((path) => ({ rule: UNTESTED, from: path, to: path })),
    ],
  };
}

/**
 * Core files that no test knows: none imports the file, nor one of its folder that imports it. What a test reaches from
 * further away it reaches by accident.
 */
function untestedCore(root: string, modules: readonly IModule[]): string[] {
  const isTest = (path: string): boolean => path.startsWith('test/');
  const importers = new Map(modules.map(({ source, dependents }) => [source, dependents]));
  const known = (path: string): boolean => importers.get(path)?.some(isTest) ?? false;
  const typeOnly = new Set(typeOnlyCore(root));
  return [...importers]
    .filter(([path]) => path.startsWith('core/') && !path.endsWith('.d.ts') && !typeOnly.has(path))
    .filter(([path, users]) => !known(path) && !users.some((user) => dirname(user) === dirname(path) && known(user)))
    .map(([path]) => path);
}

/** Core files in which nothing is left once types are taken out. */
function typeOnlyCore(root: string): string[] {
  return globSync('core/**/*.ts', { cwd: root }).filter((path) => {
    const source = readFileSync(join(root, path), 'utf8');
    return transformSync(source, { loader: 'ts', minify: true }).code.trim() === '';
  });
}

/** What is wrong with the graph, one line each. */
function complaints(graph: Graph): string[] {
  const lines = graph.violations.map(({ rule, from, to }) => `${rule}: ${from}${to === from ? '' : ` -> ${to}`}`);
  if (graph.modules >= MODULES_FLOOR) return lines;
  return [...lines, `cruised ${graph.modules} modules, fewer than ${MODULES_FLOOR}: is the parser at work?`];
}

if (import.meta.main) {
  const graph = await importGraph(join(import.meta.dirname, '..'));
  const lines = complaints(graph);
  for (const line of lines) console.error(line);
  console.log(`${graph.modules} modules, ${lines.length} complaints`);
  process.exitCode = lines.length > 0 ? 1 : 0;
}
