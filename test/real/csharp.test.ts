import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientVectors } from '../support/client-vectors.ts';
import { eventsAt, expectRightAtFaults, gameArguments, type PlayFaults, withFakeDoor } from '../support/fault-suite.ts';
import {
  type AssemblyFolder,
  assemblyFolder,
  clientSources,
  compile,
  compileClient,
  missingMono,
  runMono,
} from '../support/mono.ts';
import { VECTORS } from '../support/wire-vectors.ts';

const ROOT = join(import.meta.dirname, '../..');
const FUZZ_ANSWERS = 1_000_000;
/** The vectors, in the order in which the program plays them. */
const FILES = ['responses', 'malformed', 'requests', 'classic', 'framing', 'addresses'];

/** Names that IL2CPP cannot serve, or that would make the client more than a guest of the game's loop. */
const FORBIDDEN =
  /System\.Reflection|\bdynamic\b|\bActivator\b|\bGetType\(|\btypeof\(|\bThread\b|Task\.Run|Expression<|\bunsafe\b|UnityEngine/;

describe('the sources for C#', () => {
  it('keep to what a build ahead of time allows, without threads of their own', () => {
    const sources = clientSources();

    expect(sources.length).toBeGreaterThan(20);
    expect(sources.filter((file) => FORBIDDEN.test(readFileSync(file, 'utf8')))).toEqual([]);
  });

  it('have no line of more than 120 characters, and no file of more than 300 lines', () => {
    const files = [...clientSources(), ...globSync('{test,examples}/csharp/**/*.cs', { cwd: ROOT })];
    const tooLong = files.flatMap((file) => {
      const lines = readFileSync(resolve(ROOT, file), 'utf8').split('\n');
      return lines.length > 301 ? [file] : lines.filter((line) => line.length > 120).map((line) => `${file}: ${line}`);
    });

    expect(tooLong).toEqual([]);
  });
});

describe.skipIf(missingMono())('the client for C#', () => {
  let folder: AssemblyFolder;
  let program = '';
  beforeAll(async () => {
    folder = assemblyFolder();
    program = join(folder.path, 'tests.exe');
    const tests = globSync('test/csharp/*.cs', { cwd: ROOT }).map((file) => join(ROOT, file));
    // Together, since the tests look at what games do not see.
    await compile([...clientSources(), ...tests], program, ['-r:System.Core.dll']);
  });
  afterAll(() => folder.remove());

  it('compiles without a warning, a comment at every public name', async () => {
    const library = await compileClient(folder.path);

    await compile([join(ROOT, 'examples/csharp/Loop.cs')], join(folder.path, 'Loop.exe'), [`-r:${library}`]);
  });

  it('reads and writes the vectors as the document says', async () => {
    const { code, lines } = await runMono(program, ['vectors', VECTORS]);

    expect(lines).toEqual(FILES.map((file) => `${file} ${clientVectors(file).length}`));
    expect(code).toBe(0);
  });

  it('does each step of the protocol at its time', async () => {
    const { code, lines } = await runMono(program, ['steps']);

    expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([]);
    expect(lines.length).toBe(19);
    expect(code).toBe(0);
  });

  it('tells on every port of the fake door what a right client tells, with and without HTTP', async () => {
    await withFakeDoor(async (door) => {
      for (const http of [true, false]) {
        const play: PlayFaults = async (games) => {
          const args = ['faults', '45000', http ? '1' : '0', ...gameArguments(games)];
          const { lines } = await runMono(program, args);
          return games.map(({ port }) => eventsAt(lines, port));
        };
        // Some servers here count as dead after 0.2 s, which a busy machine may take to answer.
        await expectRightAtFaults(http ? 'C# with HTTP' : 'C#', door, play, { http, again: true });
      }
    });
  });

  it('takes no memory in frames in which nothing happens', async () => {
    await withFakeDoor(async (door) => {
      const { lines } = await runMono(program, ['idle', String(door.port('healthy'))]);

      expect(lines).toEqual(['0 collections']);
    });
  });

  it(`goes to no address that no valid answer named, in ${FUZZ_ANSWERS} damaged answers`, async () => {
    const { code, lines } = await runMono(program, ['fuzz', String(FUZZ_ANSWERS), '1']);

    expect(lines).toEqual([
      expect.stringMatching(/^1000000 answers: \d{3,} servers joined, .* 0 on an address that nobody/),
    ]);
    expect(code).toBe(0);
  });
});
