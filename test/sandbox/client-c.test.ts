import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DROP_REASONS, type DropReason } from '../../core/wire/drop-reasons.ts';
import { COMPILERS, compile, GCC, missing, programFolder, SANITIZED } from '../support/c-compilers.ts';
import { clientVectors } from '../support/client-vectors.ts';
import { eventsAt, expectRightAtFaults, gameArguments, withFakeDoor } from '../support/fault-suite.ts';

const HEADER = join(import.meta.dirname, '../../client/c/onedoor.h');
const FUZZ_ANSWERS = 50_000;

const folder = programFolder();
afterAll(() => folder.remove());

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
    const vectors = clientVectors('responses');
    const read = tell(vectors.map(({ hex }) => `R 65535 ${hex}`));

    expect(read).toEqual(vectors.map(({ fields }) => ({ classic: 0, ...fields, ...pagesOf(fields) })));
  });

  it('drops what is malformed for the reason that the vectors give', () => {
    // What is wrong in the values of a request does not concern a client.
    const vectors = clientVectors('malformed');
    const read = tell(vectors.map(({ hex }) => `R 65535 ${hex}`));

    expect(DROP_REASONS.slice(0, 3)).toEqual(['short', 'long', 'length-mismatch']);
    expect(vectors.length).toBeGreaterThan(40);
    expect(read).toEqual(vectors.map(({ number }) => ({ reason: number })));
  });

  it('writes every request of the vectors byte by byte', () => {
    const vectors = clientVectors('requests');

    expect(tell(vectors.map(({ padTo, fields }) => `Q ${padTo} ${fieldsLine(fields)}`))).toEqual(
      vectors.map(({ hex }) => hex),
    );
  });

  it('reads and writes classic packets', () => {
    const vectors = clientVectors('classic');
    const read = tell(vectors.map(({ type, hex }) => `R ${type} ${hex}`));

    expect(read).toEqual(vectors.map(({ family, address }) => ({ classic: family, address })));
    expect(tell(['C 4 65535', 'C 6 4660'])).toEqual(['0008ffff00000000', `00141234${'00'.repeat(16)}`]);
  });

  it('cuts streams into packets', () => {
    const vectors = clientVectors('framing');
    const cut = tell(vectors.map(({ chunks }) => `F ${chunks.join('')}`));

    expect(cut).toEqual(
      vectors.map(({ packets, reason }) => [
        ...packets.map((hex) => hex.length / 2),
        ...(reason === undefined ? [] : [-1 - DROP_REASONS.indexOf(reason as DropReason)]),
      ]),
    );
  });

  it('tells on every port of the fake door what a right client tells', async () => {
    await withFakeDoor(async (door) => {
      await expectRightAtFaults('C', door, async (games) => {
        const { stdout } = await promisify(execFile)(program('faults'), gameArguments(games), {
          env: { DEADLINE_MS: '45000' },
        }).catch((error: { stdout: string }) => error);
        return games.map(({ port }) => eventsAt(stdout.split('\n'), port));
      });
    });
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
