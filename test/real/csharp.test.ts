import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeDoor } from '../../tools/fake-door/fake-door.ts';
import { type ExpectedEvent, type Fault, readFaultTable } from '../../tools/fake-door/table.ts';
import { keepFaultColumn } from '../support/fault-column.ts';
import { freePorts } from '../support/free-ports.ts';
import {
  type AssemblyFolder,
  assemblyFolder,
  clientSources,
  compile,
  compileClient,
  missingMono,
  runMono,
} from '../support/mono.ts';
import { readVectors, VECTORS } from '../support/wire-vectors.ts';

const ROOT = join(import.meta.dirname, '../..');
const FUZZ_ANSWERS = 1_000_000;

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

    expect(lines).toEqual(Object.entries(vectorCounts()).map(([file, count]) => `${file} ${count}`));
    expect(code).toBe(0);
  });

  it('does each step of the protocol at its time', async () => {
    const { code, lines } = await runMono(program, ['steps']);

    expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([]);
    expect(lines.length).toBe(19);
    expect(code).toBe(0);
  });

  it('tells on every port of the fake door what a right client tells, with and without HTTP', async () => {
    const { faults, ports } = readFaultTable();
    const door = await startFakeDoor({ basePort: await freePorts(ports) });
    const play = async (http: boolean, played: readonly Fault[]): Promise<Seen[]> => {
      const args = played.map((fault) => {
        return `${door.port(fault.fault)}:${wantedOf(fault, http).length}:${fault.never ? fault.withinMs : 0}`;
      });
      const { lines } = await runMono(program, ['faults', '45000', http ? '1' : '0', ...args]);
      return played.map(({ fault }) => ({ fault, events: eventsAt(lines, door.port(fault)) }));
    };
    const meet = async (http: boolean): Promise<void> => {
      const told = await play(http, faults);
      // Some servers here count as dead after 0.2 s, which a busy machine may take to answer: what differs is played
      // again, by itself.
      for (const [index, fault] of faults.entries()) {
        if (isRight(fault, http, told[index]!.events)) continue;
        console.log(`${fault.fault} is played again, it told: ${JSON.stringify(told[index]!.events)}`);
        [told[index]] = (await play(http, [fault])) as [Seen];
      }

      keepFaultColumn(http ? 'C# with HTTP' : 'C#', told);
      expect(told.filter(({ events }, index) => !isRight(faults[index]!, http, events))).toEqual([]);
      expect(told.find(({ fault }) => fault === 'long-wait')?.events[0]?.retryInMs).toBeLessThanOrEqual(330_000);
      expect(door.count('i-wrong.0')).toBe(0);
    };
    try {
      await meet(true);
      await meet(false);
    } finally {
      await door.close();
    }
  });

  it('takes no memory in frames in which nothing happens', async () => {
    const { ports } = readFaultTable();
    const door = await startFakeDoor({ basePort: await freePorts(ports) });
    try {
      const { lines } = await runMono(program, ['idle', String(door.port('healthy'))]);

      expect(lines).toEqual(['0 collections']);
    } finally {
      await door.close();
    }
  });

  it(`goes to no address that no valid answer named, in ${FUZZ_ANSWERS} damaged answers`, async () => {
    const { code, lines } = await runMono(program, ['fuzz', String(FUZZ_ANSWERS), '1']);

    expect(lines).toEqual([
      expect.stringMatching(/^1000000 answers: \d{3,} servers joined, .* 0 on an address that nobody/),
    ]);
    expect(code).toBe(0);
  });
});

interface Vector {
  readonly hex: string | null;
  readonly readOnly?: boolean;
  readonly fields: object;
  readonly expect: string;
  readonly number: number;
}

/** How many vectors of each file concern a client. */
function vectorCounts(): Record<string, number> {
  const of = (file: string): readonly Vector[] => readVectors<{ vectors: readonly Vector[] }>(file).vectors;
  return {
    responses: of('responses').filter(({ hex }) => hex !== null).length,
    // What is wrong in the values of a request does not concern a client.
    malformed: of('malformed').filter(({ expect: role, number }) => role === 'response' || number <= 8).length,
    requests: of('requests').filter(({ readOnly, fields }) => !readOnly && !('forward' in fields)).length,
    classic: of('classic').length,
    framing: of('framing').length,
    addresses: of('addresses').length,
  };
}

type Told = ExpectedEvent & { readonly retryInMs: number };

interface Seen {
  readonly fault: string;
  readonly events: readonly Told[];
}

function wantedOf({ expect: usual, withoutHttp }: Fault, http: boolean): readonly ExpectedEvent[] {
  return http ? usual : (withoutHttp ?? usual);
}

function eventsAt(lines: readonly string[], port: number): Told[] {
  return lines
    .filter((line) => line.startsWith(`${port} `))
    .map((line) => {
      const words = line.split(' ').map((word) => (word === '-' ? undefined : word));
      const [, event, server, via, reason, code, retryInMs] = words;
      return { event, server, via, reason, code, retryInMs: Number(retryInMs) } as Told;
    });
}

/** The expected events come first and in order; after them others may come, unless the table has a `never`. */
function isRight(fault: Fault, http: boolean, events: readonly Told[]): boolean {
  const wanted = wantedOf(fault, http);
  if (events.length < wanted.length || (fault.never && events.length > wanted.length)) return false;
  return wanted.every(({ maxRetryInMs: _, ...fields }, index) =>
    Object.entries(fields).every(([name, value]) => events[index]?.[name as keyof Told] === value),
  );
}
