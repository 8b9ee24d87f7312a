import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startLocal } from '../support/local-program.ts';
import { type AssemblyFolder, assemblyFolder, compile, compileClient, missingMono } from '../support/mono.ts';
import { until } from '../support/program.ts';

const ROOT = join(import.meta.dirname, '../..');
const STAND_INS = join(ROOT, 'test/csharp/unity/UnityEngine.cs');

function snippets(page: string): string[] {
  const text = readFileSync(join(ROOT, 'docs/clients', page), 'utf8');
  return [...text.matchAll(/^```csharp\n([\s\S]*?)^```/gm)].map(([, code = '']) => code);
}

/** Statements become a method that has a session, unless they make one. */
function asProgram(code: string): string {
  const session = /^Session session/m.test(code) ? 'given' : 'session';
  const body = /\bclass /.test(code) ? code : `class Part { static void Run(Session ${session}) {\n${code}} }`;
  return /^using /m.test(code) ? code : `using System;\nusing Onedoor;\n${body}`;
}

describe.skipIf(missingMono())('the pages about C# and Unity', () => {
  let folder: AssemblyFolder;
  let library = '';
  beforeAll(async () => {
    folder = assemblyFolder();
    library = await compileClient(folder.path);
  });
  afterAll(() => folder.remove());

  async function build(name: string, code: string, flags: readonly string[], more: readonly string[] = []) {
    const source = join(folder.path, `${name}.cs`);
    const output = join(folder.path, name);
    writeFileSync(source, code);
    await compile([source, ...more], output, [`-r:${library}`, ...flags]);
    return output;
  }

  it('have code that compiles', async () => {
    const [, ...parts] = snippets('csharp.md');
    for (const [index, part] of parts.entries()) {
      await build(`part-${index}.dll`, asProgram(part), ['-target:library', '-nowarn:219']);
    }
    const unity = snippets('unity.md');
    for (const part of unity) await build('unity.dll', part, ['-target:library'], [STAND_INS]);

    expect([parts.length, unity.length]).toEqual([4, 1]);
  });

  it.each([
    ['the ten lines of the example', () => readFileSync(join(ROOT, 'examples/csharp/Loop.cs'), 'utf8')],
    ['the lines of the page', () => snippets('csharp.md')[0]!],
  ])('beside `npm start`, %s outlive the crash of a server', async (_, code) => {
    const program = await build('Play.exe', code(), []);
    const system = await startLocal(3);
    onTestFinished(() => system.stop());
    const child = spawn('mono', [program, system.door], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    const places = (): string[] => [...text.matchAll(/^(?:playing|now) on ([^\s,]+)/gm)].map(([, id = '']) => id);

    const first = await until('a server', () => places()[0], 30_000);
    await system.act(first, 'crash');
    const second = await until('another server', () => places()[1], 30_000);

    expect(text).toContain(`lost ${first}: Silent\n`);
    expect(system.servers).toContain(first);
    expect(second).not.toBe(first);
  });
});
