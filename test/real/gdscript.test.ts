import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DROP_REASONS, type DropReason } from '../../core/wire/drop-reasons.ts';
import { type ClientVector, clientVectors, type VectorFields } from '../support/client-vectors.ts';
import { GodotProject, NO_GODOT } from '../support/godot.ts';
import { readVectors } from '../support/wire-vectors.ts';

const PROBE_TYPE = 0xffff;

describe.skipIf(NO_GODOT)('the packets of the client for Godot', () => {
  let project: GodotProject;
  beforeAll(() => {
    project = new GodotProject(['test/gdscript/vectors.gd']);
  });
  afterAll(() => project?.remove());
  const tell = (jobs: readonly object[]): Promise<unknown[]> => project.run('vectors.gd', jobs);

  it('are read as the vectors of responses say', async () => {
    const vectors = clientVectors('responses');
    const read = await tell(vectors.map(({ hex }) => ({ do: 'read', type: PROBE_TYPE, hex })));

    expect(read).toEqual(vectors.map(({ fields }) => asRead(fields)));
  });

  it('are dropped for the reason that the vectors give', async () => {
    // What is wrong in the values of a request does not concern a client.
    const vectors = clientVectors('malformed');
    const read = await tell(vectors.map(({ hex }) => ({ do: 'read', type: PROBE_TYPE, hex })));

    expect(vectors.length).toBeGreaterThan(40);
    expect(read).toEqual(vectors.map(({ number }) => ({ reason: number })));
  });

  it('are written byte by byte like the vectors of requests', async () => {
    const vectors = clientVectors('requests');
    const jobs = vectors.map(({ padTo, fields: { address, ...fields } }) => {
      return { do: 'write', padTo, address, fields: asOptions(fields) };
    });

    expect(await tell(jobs)).toEqual(vectors.map(({ hex }) => hex));
  });

  it('are read and written in their classic form', async () => {
    const vectors = clientVectors('classic');
    const read = await tell(vectors.map(({ type, hex }) => ({ do: 'read', type, hex })));
    const written = await tell([
      { do: 'classic', family: 4, type: PROBE_TYPE },
      { do: 'classic', family: 6, type: 0x1234 },
    ]);

    expect(read).toEqual(vectors.map(({ family, address }) => ({ classic: family, address })));
    expect(written).toEqual(['0008ffff00000000', `00141234${'00'.repeat(16)}`]);
  });

  it('are cut from streams', async () => {
    const vectors = clientVectors('framing');
    const cut = await tell(vectors.map(({ chunks }) => ({ do: 'frames', hex: chunks.join('') })));

    expect(cut).toEqual(
      vectors.map(({ packets, reason }) => [
        ...packets.map((hex) => hex.length / 2),
        ...(reason === undefined ? [] : [-1 - DROP_REASONS.indexOf(reason as DropReason)]),
      ]),
    );
  });

  it('have addresses whose texts are those of the vectors', async () => {
    const { vectors, invalid } = readVectors<{ vectors: readonly ClientVector[]; invalid: readonly string[] }>(
      'addresses',
    );
    const known = await tell(vectors.map(({ text }) => ({ do: 'address', text })));
    // A zone is dropped: resolvers add it to addresses of a link.
    const wrong = invalid.filter((text) => !text.includes('%'));

    expect(known).toEqual(vectors.map(({ hex, canonical }) => [mapped(hex), canonical.replace('::ffff:', '')]));
    expect(wrong.length).toBeGreaterThan(10);
    expect(await tell(wrong.map((text) => ({ do: 'address', text })))).toEqual(wrong.map(() => ['', '']));
  });

  it('are sent for options that make sense alone', async () => {
    const wrong = [{ app: '' }, { world: 'w'.repeat(33) }, { client: 7 }, { type: 'x' }, { http: false }];
    const fine = [
      {},
      { app: 'arena', group: 'é'.repeat(16) },
      { resume: null },
      { resume: { version: 1, client: 'a' } },
    ];
    const open = (options: object): object => ({ do: 'open', door: '127.0.0.1', options });

    // ERR_INVALID_PARAMETER of Godot.
    expect(await tell(wrong.map(open))).toEqual(wrong.map(() => 31));
    expect(await tell(fine.map(open))).toEqual(fine.map(() => 0));
    expect(await tell([{ do: 'open', door: 'nowhere:', options: {} }])).toEqual([31]);
  });

  it('go to doors by name and by address', async () => {
    const doors: readonly (readonly [string, readonly unknown[]])[] = [
      ['play.example.com', ['play.example.com', 7000]],
      ['10.0.0.1:7001', ['10.0.0.1', 7001]],
      ['[2001:db8::1]:65535', ['2001:db8::1', 65_535]],
      ['[2001:db8::1]', ['2001:db8::1', 7000]],
      ['2001:db8::1', ['2001:db8::1', 7000]],
      ['', []],
      ['host:', []],
      ['host:0', []],
      ['host:65536', []],
      ['host:seven', []],
      ['[host]:7000', []],
      ['[2001:db8::1', []],
      ['[2001:db8::1]7000', []],
      ['2001:db8::g', []],
    ];

    expect(await tell(doors.map(([text]) => ({ do: 'door', text })))).toEqual(doors.map(([, parts]) => parts));
  });
});

/** How the script has the fields of a response: texts are bytes, and pages are checked alone. */
function asRead(fields: VectorFields): VectorFields {
  const { address, nonce, cookie, otherAddress, movingMs, ports, keepalive, alternates, error } = fields;
  const read = {
    address,
    nonce,
    cookie,
    other_address: otherAddress,
    moving_ms: movingMs,
    ticket: hexOf(fields['ticket']),
    wait: hexOf(fields['wait']),
    server: hexOf(fields['server']),
    ports: (ports as { role: number; port: number }[] | undefined)?.map(({ role, port }) => [role, port]),
    keepalive: keepalive && Object.values(keepalive),
    alternates: (alternates as VectorFields[] | undefined)?.map((each) => [
      each['address'],
      each['gamePort'],
      each['probePort'],
    ]),
    error: error && Object.values(error).map((value) => (typeof value === 'string' ? hexOf(value) : value)),
  };
  return { classic: 0, ...Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined)) };
}

const BYTES = ['nonce', 'client', 'cookie'];

/** The options of a request as hex, by their names. */
function asOptions(fields: VectorFields): VectorFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (name === 'avoid') return [name, (value as string[]).map((id) => `${hexOf(id, 1)}`).join('')];
      if (typeof value === 'number') return [name, value.toString(16).padStart(name === 'page' ? 4 : 2, '0')];
      if (value === true) return [name, ''];
      return [name, BYTES.includes(name) ? value : hexOf(value)];
    }),
  );
}

/** @param prefix bytes of a length before the text */
function hexOf(text: unknown, prefix = 0): string | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text);
  return (prefix ? bytes.length.toString(16).padStart(2 * prefix, '0') : '') + bytes.toString('hex');
}

function mapped(hex: string): string {
  return hex.length === 8 ? `00000000000000000000ffff${hex}` : hex;
}
