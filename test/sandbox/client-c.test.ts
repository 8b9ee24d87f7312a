import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DROP_REASONS, type DropReason } from '../../core/wire/drop-reasons.ts';
import { startFakeDoor } from '../../tools/fake-door/fake-door.ts';
import { type ExpectedEvent, type Fault, readFaultTable } from '../../tools/fake-door/table.ts';
import { COMPILERS, compile, GCC, missing, programFolder, SANITIZED } from '../support/c-compilers.ts';
import { keepFaultColumn } from '../support/fault-column.ts';
import { freePorts } from '../support/free-ports.ts';
import { readVectors } from '../support/wire-vectors.ts';

const HEADER = join(import.meta.dirname, '../../client/c/onedoor.h');
const FUZZ_ANSWERS = 50_000;

const folder = programFolder();
afterAll(() => folder.remove());

interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly fields: Record<string, unknown>;
  readonly padTo: number;
  readonly readOnly?: boolean;
  readonly expect: string;
  readonly number: number;
  readonly reason?: string;
  readonly type: number;
  readonly family: number;
  readonly address: string;
  readonly chunks: readonly string[];
  readonly packets: readonly string[];
}

function vectorsOf(file: string): readonly Vector[] {
  return readVectors<{ vectors: readonly Vector[] }>(file).vectors;
}

describe('the header for C', () => {
  for (const compiler of COMPILERS) {
    it(`compiles without a warning under ${compiler.command}`, async (context) => {
      const lack = missing(compiler);
      if (lack) context.skip(lack);

      await compile(compiler, 'examples/c/loop.c', join(folder.path, `loop-${compiler.command}`));
    });
  }

  it('has at most 1,200 lines', () => {
    expect(readFileSync(HEADER, 'utf8').split('\n').length - 1).toBeLessThanOrEqual(1_200);
  });
});

describe.skipIf(missing(GCC))('the client for C', () => {
  const program = (name: string): string => join(folder.path, name);
  beforeAll(async () => {
    await Promise.all(
      ['vectors', 'faults', 'fuzz'].map((name) => compile(GCC, `test/c/${name}.c`, program(name), SANITIZED)),
    );
  });

  function tell(lines: readonly string[]): unknown[] {
    const { stdout, stderr } = spawnSync(program('vectors'), { input: `${lines.join('\n')}\n`, encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  }

  it('reads every response of the vectors as the document says', () => {
    const vectors = vectorsOf('responses').filter(({ hex }) => hex !== null);
    const read = tell(vectors.map(({ hex }) => `R 65535 ${hex}`));

    expect(read).toEqual(vectors.map(({ fields }) => ({ classic: 0, ...fields, ...pagesOf(fields) })));
  });

  it('drops what is malformed for the reason that the vectors give', () => {
    // What is wrong in the values of a request does not concern a client.
    const vectors = vectorsOf('malformed').filter(({ expect: role, number }) => role === 'response' || number <= 8);
    const read = tell(vectors.map(({ hex }) => `R 65535 ${hex}`));

    expect(DROP_REASONS.slice(0, 3)).toEqual(['short', 'long', 'length-mismatch']);
    expect(vectors.length).toBeGreaterThan(40);
    expect(read).toEqual(vectors.map(({ number }) => ({ reason: number })));
  });

  it('writes every request of the vectors byte by byte', () => {
    const vectors = vectorsOf('requests').filter(({ readOnly, fields }) => !readOnly && !('forward' in fields));

    expect(tell(vectors.map(({ padTo, fields }) => `Q ${padTo} ${fieldsLine(fields)}`))).toEqual(
      vectors.map(({ hex }) => hex),
    );
  });

  it('reads and writes classic packets', () => {
    const vectors = vectorsOf('classic');
    const read = tell(vectors.map(({ type, hex }) => `R ${type} ${hex}`));

    expect(read).toEqual(vectors.map(({ family, address }) => ({ classic: family, address })));
    expect(tell(['C 4 65535', 'C 6 4660'])).toEqual(['0008ffff00000000', `00141234${'00'.repeat(16)}`]);
  });

  it('cuts streams into packets', () => {
    const vectors = vectorsOf('framing');
    const cut = tell(vectors.map(({ chunks }) => `F ${chunks.join('')}`));

    expect(cut).toEqual(
      vectors.map(({ packets, reason }) => [
        ...packets.map((hex) => hex.length / 2),
        ...(reason === undefined ? [] : [-1 - DROP_REASONS.indexOf(reason as DropReason)]),
      ]),
    );
  });

  it('tells on every port of the fake door what a right client tells', async () => {
    const { faults, ports } = readFaultTable();
    const door = await startFakeDoor({ basePort: await freePorts(ports) });
    try {
      const args = faults.map((fault) => {
        return `${door.port(fault.fault)}:${wantedOf(fault).length}:${fault.never ? fault.withinMs : 0}`;
      });
      const { stdout } = await promisify(execFile)(program('faults'), args, { env: { DEADLINE_MS: '45000' } }).catch(
        (error: { stdout: string }) => error,
      );
      const told = faults.map((fault) => ({
        fault: fault.fault,
        events: eventsAt(stdout, door.port(fault.fault)),
      }));

      keepFaultColumn('C', told);
      expect(told).toEqual(
        faults.map((fault) => ({
          fault: fault.fault,
          events: fault.never ? wantedOf(fault).map(likeThis) : expect.toSatisfy(startsWith(wantedOf(fault))),
        })),
      );
      expect(told.find(({ fault }) => fault === 'long-wait')?.events[0]?.retryInMs).toBeLessThanOrEqual(330_000);
      expect(door.count('i-wrong.0')).toBe(0);
    } finally {
      await door.close();
    }
  });

  it(`goes to no address that no valid answer named, in ${FUZZ_ANSWERS} damaged answers`, async () => {
    const { stdout } = await promisify(execFile)(program('fuzz'), [String(FUZZ_ANSWERS), '1']);

    expect(stdout).toMatch(/^50000 answers: \d{3,} servers joined, .* 0 on an address that nobody named\n$/);
  });
});

/** Pages are checked and handed over as they came. */
function pagesOf(fields: Record<string, unknown>): object {
  return Object.fromEntries(
    ['rosterPage', 'lobbyPage'].filter((name) => name in fields).map((name) => [name, expect.anything()]),
  );
}

const HEX_FIELDS = ['address', 'nonce', 'client', 'cookie'];

function fieldsLine(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${fieldHex(name, value)}`)
    .join(' ');
}

function fieldHex(name: string, value: unknown): string {
  if (name === 'avoid') {
    return (value as string[])
      .map((id) => Buffer.concat([Buffer.of(Buffer.byteLength(id)), Buffer.from(id)]).toString('hex'))
      .join('');
  }
  if (typeof value === 'number') return value.toString(16).padStart(name === 'page' ? 4 : 2, '0');
  if (value === true) return '';
  return HEX_FIELDS.includes(name) ? String(value) : Buffer.from(String(value)).toString('hex');
}

type Told = ExpectedEvent & { readonly retryInMs: number };

function wantedOf({ expect: usual, withoutHttp }: Fault): readonly ExpectedEvent[] {
  return withoutHttp ?? usual;
}

function eventsAt(output: string, port: number): Told[] {
  const lines = output.split('\n').filter((line) => line.startsWith(`${port} `));
  return lines.map((line) => {
    const [, event, server, via, reason, code, retryInMs] = line
      .split(' ')
      .map((word) => (word === '-' ? undefined : word));
    return { event, server, via, reason, code, retryInMs: Number(retryInMs) } as Told;
  });
}

function likeThis({ maxRetryInMs: _, ...fields }: ExpectedEvent): unknown {
  return expect.objectContaining(fields);
}

/** The expected events come first and in order. */
function startsWith(wanted: readonly ExpectedEvent[]): (events: readonly Told[]) => boolean {
  return (events) =>
    wanted.every(({ maxRetryInMs: _, ...fields }, index) =>
      Object.entries(fields).every(([name, value]) => events[index]?.[name as keyof Told] === value),
    );
}
