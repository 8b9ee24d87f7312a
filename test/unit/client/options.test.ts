import { describe, expect, it } from 'vitest';
import { parseDoor, urlHost } from '../../../client/door-address.ts';
import { type ConnectOptions, readOptions } from '../../../client/options.ts';
import { systemResolve } from '../../../client/resolve.ts';
import { ConfigError } from '../../../core/errors.ts';

function problemsOf(options: unknown): readonly string[] {
  try {
    readOptions(options as ConnectOptions);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the door', () => {
  it.each([
    ['play.example.com', 'play.example.com', 7000],
    ['play.example.com:7777', 'play.example.com', 7777],
    ['localhost', 'localhost', 7000],
    ['203.0.113.9', '203.0.113.9', 7000],
    ['203.0.113.9:1', '203.0.113.9', 1],
    ['2001:db8::1', '2001:db8::1', 7000],
    ['[2001:db8::1]', '2001:db8::1', 7000],
    ['[2001:db8::1]:65535', '2001:db8::1', 65535],
  ])('%s is understood', (text, host, port) => {
    expect(parseDoor(text)).toEqual({ host, port });
  });

  it.each([
    '',
    ':7000',
    'play.example.com:',
    'play.example.com:0',
    'play.example.com:65536',
    'play.example.com:7000:7001',
    'http://play.example.com',
    'play example',
    '-play.example.com',
    '300.1.1.1',
    '1.2.3',
    '[203.0.113.9]:7000',
    '[2001:db8::1',
    '[2001:db8::g]:7000',
    'a'.repeat(64),
  ])('%j is refused', (text) => {
    expect(parseDoor(text)).toBeUndefined();
  });

  it('stands in brackets in a URL if it is an IPv6 address', () => {
    expect([urlHost('::1'), urlHost('127.0.0.1'), urlHost('a.b')]).toEqual(['[::1]', '127.0.0.1', 'a.b']);
  });
});

describe('options', () => {
  it('name what is wrong with the ones about choosing and keeping', () => {
    expect(
      problemsOf({
        door: 'play.example.com',
        http: false,
        choose: 'best',
        cache: {},
        cacheMaxAgeMs: 0,
        keys: 'k',
        resolve: 1,
      }),
    ).toEqual([
      expect.stringContaining("`choose` must be 'fewest-users', 'latency', 'random' or a function"),
      expect.stringContaining('`cache` must be an object with `load` and `save`'),
      expect.stringContaining('`http` must be given where there is a `cache`'),
      expect.stringContaining('`cacheMaxAgeMs` must be'),
      expect.stringContaining('`keys` must be'),
      expect.stringContaining('`resolve` must be'),
    ]);
  });

  it('take the name from a saved session, and leave a session of another name', () => {
    const saved = {
      version: 1,
      client: 'alice',
      family: 4,
      server: { id: 'a.0', ipv4: '203.0.113.1', ports: { probe: 7_000 } },
      ticket: 't',
      alternates: [{ id: 'b.0', ipv4: '203.0.113.2', ports: { probe: 7_000 } }, 'odd'],
    };
    const settings = readOptions({ door: 'play.example.com', resume: JSON.parse(JSON.stringify(saved)) });

    expect([settings.client, settings.resume?.ticket, settings.resume?.alternates.length]).toEqual(['alice', 't', 1]);
    expect(readOptions({ door: 'play.example.com', client: 'bob', resume: saved }).resume).toBeUndefined();
    for (const odd of [
      undefined,
      7,
      'x',
      {},
      { ...saved, server: {} },
      { ...saved, family: 5 },
      { ...saved, client: '' },
    ]) {
      expect(readOptions({ door: 'play.example.com', resume: odd }).resume).toBeUndefined();
    }
  });

  it('have defaults for everything but the door', () => {
    const { client, ...rest } = readOptions({ door: 'play.example.com' });

    expect(rest).toEqual({
      door: { host: 'play.example.com', port: 7000 },
      names: {},
      http: 'http://play.example.com',
      family: 'auto',
      timeoutMs: 30_000,
      type: undefined,
      signal: undefined,
      choose: undefined,
      resume: undefined,
      cache: undefined,
      cacheMaxAgeMs: 86_400_000,
      keys: undefined,
      resolve: systemResolve,
    });
    expect(client).toMatch(/^[\w-]{22}$/);
    expect(readOptions({ door: 'play.example.com' }).client).not.toBe(client);
  });

  it('keep what is given', () => {
    const signal = new AbortController().signal;
    const given = { app: 'arena', world: 'w1', group: 'eu', client: 'ålesund' } as const;

    const settings = readOptions({ door: '[::1]', ...given, http: 'https://api.example.com/x/', family: 6, signal });

    expect(settings).toMatchObject({
      names: { app: 'arena', world: 'w1', group: 'eu' },
      client: 'ålesund',
      http: 'https://api.example.com/x',
      family: 6,
      signal,
    });
  });

  it('can leave HTTP out', () => {
    expect(readOptions({ door: 'play.example.com', http: false }).http).toBeUndefined();
  });

  it('are refused with a line for every problem', () => {
    const problems = problemsOf({
      door: 'http://play.example.com',
      app: '',
      world: 7,
      group: 'ü'.repeat(17),
      client: 'x'.repeat(33),
      http: 'ftp://play.example.com',
      family: 5,
      timeoutMs: 0,
      type: 65_536,
      signal: {},
      port: 7000,
    });

    expect(problems).toEqual([
      expect.stringMatching(/^`port` is not an option; there are: door, app, .*, resolve$/),
      '`door` must be host[:port], got: "http://play.example.com"',
      '`app` must be text of 1..32 bytes of UTF-8, got: ""',
      '`world` must be text of 1..32 bytes of UTF-8, got: 7',
      `\`group\` must be text of 1..32 bytes of UTF-8, got: "${'ü'.repeat(17)}"`,
      `\`client\` must be text of 1..32 bytes of UTF-8, got: "${'x'.repeat(33)}"`,
      '`http` must be an http(s) URL or false, got: "ftp://play.example.com"',
      "`family` must be 'auto', 4 or 6, got: 5",
      '`timeoutMs` must be a whole number of 1..2147483647, got: 0',
      '`type` must be a whole number of 0..65535, got: 65536',
      '`signal` must be an AbortSignal, got: [object Object]',
    ]);
  });

  it('are refused where the door’s address is not of the family wanted', () => {
    expect(problemsOf({ door: '::1', family: 4 })).toEqual(['`door` must be a name or an IPv4 address, got: "::1"']);
  });

  it.each([[undefined], [null], ['play.example.com'], [{}]])('%j are refused with a sentence', (options) => {
    expect(problemsOf(options)).toHaveLength(1);
  });

  it('show no more than a line of what was given', () => {
    expect(problemsOf({ door: 'x'.repeat(5_000) })[0]!.length).toBeLessThan(130);
  });
});
