/** Checks the import graph: `node tools/import-graph.ts`. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { transformSync } from 'esbuild';
import { importRules } from './import-rules.ts';

/** Below this many modules the cruise has looked at the wrong place (or at nothing): raise it as the tree grows. */
const MODULES_FLOOR = 20;

const FOLDERS = [
  'adapters',
  'agents',
  'bench',
  'bin',
  'client',
  'core',
  'door',
  'examples',
  'lambda',
  'lib',
  'local',
  'test',
  'tools',
];

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
      exclude: { path: '(^|/)(dist|cdk\\.out|\\.cache)/' },
      combinedDependencies: true,
      validate: true,
      ruleSet: { forbidden: importRules(typeOnlyCore(root)) },
    },
    {
      extensions: ['.ts', '.mts', '.js', '.mjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
    },
  );
  const result = output as ICruiseResult;
  return {
    modules: result.modules.filter(
      ({ source }) => source.endsWith('.ts') && existsSync(join(root, source)) && !source.includes('node_modules/'),
    ).length,
    violations: result.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
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
