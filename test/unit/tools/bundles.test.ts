import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Metafile } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { BUNDLES, buildBundles } from '../../../tools/build.ts';
import { plantTree } from '../../support/temp-tree.ts';

const ROOT = join(import.meta.dirname, '../../..');
const CDK = /node_modules\/(aws-cdk-lib|constructs|cdk-nag)\//;

/** A Lambda function composes itself when it is loaded, from the environment that its deployment gives it. */
function functionEnvironment(): object {
  const secret = join(plantTree({ secret: 's'.repeat(64) }), 'secret');
  chmodSync(secret, 0o600);
  return {
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    ONEDOOR_TABLE: 'onedoor',
    ONEDOOR_KEY_SECRET: `file:${secret}`,
  };
}

interface Run {
  readonly code: number | null;
  readonly output: string;
}

function runNode(args: readonly string[], environment: object = {}): Run {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...environment },
    timeout: 10_000,
  });
  // The end alone: a stack trace into a minified file quotes whole lines of it.
  return { code: status, output: (stdout + stderr).slice(-800) };
}

/** Imports a module in a process of its own, which ends by itself only if the module started nothing. */
function importAlone(path: string, environment?: object): Run {
  return runNode(
    ['--input-type=module', '--eval', `await import(${JSON.stringify(pathToFileURL(path).href)})`],
    environment,
  );
}

/** A program that uses an SDK client, a CommonJS package that requires Node's modules, and the main-module pattern. */
const PROGRAM = `
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { pino } from 'pino';
export const parts = [DynamoDBClient, pino].map((part) => typeof part);
if (import.meta.main) console.log(parts.join());
`;

describe('the bundler', () => {
  const bundleOf = async (source: string): Promise<{ path: string; metafile: Metafile }> => {
    const root = plantTree({ 'program.ts': source }, join(ROOT, '.cache'));
    const bundle = { entry: relative(ROOT, join(root, 'program.ts')), file: 'program.mjs', budgetKiB: 9_999 };
    return { path: join(root, 'dist/program.mjs'), metafile: await buildBundles([bundle], join(root, 'dist')) };
  };

  it('makes a file that runs as a program and does nothing when it is imported', async () => {
    const { path } = await bundleOf(PROGRAM);

    expect(runNode([path])).toEqual({ code: 0, output: 'function,function\n' });
    expect(importAlone(path)).toEqual({ code: 0, output: '' });
    expect(existsSync(`${path}.map`)).toBe(true);
  });

  it('takes the ES modules of the SDK and leaves out what is not used', async () => {
    const { metafile } = await bundleOf("export { GetItemCommand } from '@aws-sdk/client-dynamodb';\n");

    const inputs = Object.keys(metafile.inputs);
    expect(inputs.filter((input) => input.includes('client-dynamodb/dist-cjs'))).toEqual([]);
    expect(inputs.filter((input) => input.includes('client-dynamodb/dist-es')).length).toBeGreaterThan(0);
  });

  it('gives the same bytes each time and leaves files alone that would not change', async () => {
    const root = plantTree({ 'program.ts': PROGRAM }, join(ROOT, '.cache'));
    const bundle = { entry: relative(ROOT, join(root, 'program.ts')), file: 'program.mjs', budgetKiB: 9_999 };
    const build = async (outDir: string): Promise<string> => {
      await buildBundles([bundle], join(root, outDir));
      return join(root, outDir, 'program.mjs');
    };

    const first = await build('one');
    const { ino } = statSync(first);
    await build('one');
    const second = await build('two');

    expect(statSync(first).ino).toBe(ino);
    expect(readFileSync(second).equals(readFileSync(first))).toBe(true);
  });
}, 30_000);

describe('the bundles', () => {
  let metafile: Metafile;

  beforeAll(async () => {
    metafile = await buildBundles();
  }, 30_000);

  it('are made of every program that is deployed', () => {
    const programs = globSync('{lambda,agents,door}/**/*.ts', { cwd: ROOT }).filter((path) =>
      /^export (const|async function|function) handler\b|^if \(import\.meta\.main\)/m.test(
        readFileSync(join(ROOT, path), 'utf8'),
      ),
    );

    expect(BUNDLES.map(({ entry }) => entry)).toEqual(expect.arrayContaining(programs));
  });

  it.each(BUNDLES)('$file is importable, within its budget and free of CDK', ({ entry, file, budgetKiB }) => {
    const output = metafile.outputs[`dist/${file}`];

    const environment = entry.startsWith('lambda/') ? functionEnvironment() : {};
    expect(importAlone(join(ROOT, 'dist', file), environment)).toEqual({ code: 0, output: '' });
    expect(output?.bytes).toBeLessThanOrEqual(budgetKiB * 1024);
    expect(Object.keys(output?.inputs ?? {}).filter((input) => CDK.test(input))).toEqual([]);
  });
}, 30_000);
