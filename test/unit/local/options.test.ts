import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../adapters/cli/flags.ts';
import { parseLocalOptions, serverAddress } from '../../../local/options.ts';

const local = (...argv: string[]) => parseLocalOptions(argv, () => {});

describe('the flags of the local system', () => {
  it('start three servers and twelve clients on loopback by default', () => {
    expect(local()).toEqual({
      servers: 3,
      crowd: 12,
      bind: '127.0.0.1',
      httpPort: 8080,
      probePort: 7000,
      registryPort: 8000,
      door: 'gateways',
      answers: 'door',
      notify: false,
      json: false,
    });
  });

  it('let servers answer, or be told of clients', () => {
    expect(local('--answers', 'server', '--notify')).toMatchObject({ answers: 'server', notify: true });
    expect(() => local('--answers', 'nobody')).toThrow(/Allowed choices are door, server/);
  });

  it('make the servers the door, which can neither sign nor be without servers', () => {
    expect(local('--door', 'servers')).toMatchObject({ door: 'servers', crowd: 12 });
    for (const more of [['--servers', '0'], ['--answers', 'server'], ['--notify']]) {
      expect(() => local('--door', 'servers', ...more)).toThrow(/--door servers needs at least one of --servers/);
    }
  });

  it('send no crowd where there are no servers, unless it is asked for', () => {
    expect(local('--servers', '0')).toMatchObject({ servers: 0, crowd: 0 });
    expect(local('--servers', '0', '--crowd', '3')).toMatchObject({ crowd: 3 });
  });

  it('take seconds for --for', () => {
    expect(local('--for', '1.5')).toMatchObject({ forMs: 1_500 });
  });

  const wrong: readonly (readonly [string[], RegExp])[] = [
    [['--servers', 'x'], /--servers.*whole number from 0 to 200, got: x/],
    [['--servers', ''], /--servers.*got: $/],
    [['--servers', '1.5'], /got: 1.5/],
    [['--http-port', '70000'], /--http-port.*1 to 65534, got: 70000/],
    [['--bind', '10.0.0.1'], /--bind.*got: 10.0.0.1/],
    [['--bind', '127.0.0.200'], /got: 127.0.0.200/],
    [['--for', '0'], /--for.*got: 0/],
    [['--default-app', 'two words'], /--default-app.*1 to 32 bytes without spaces, got: two words/],
    [['--serverz', '1'], /unknown option '--serverz' \(Did you mean --servers\?\)/],
    [['extra'], /too many arguments/],
  ];
  for (const [argv, message] of wrong) {
    it(`refuse ${argv.join(' ')} with one message that names it`, () => {
      expect(() => local(...argv)).toThrow(UsageError);
      expect(() => local(...argv)).toThrow(message);
    });
  }

  it('give servers the addresses after the door’s', () => {
    expect([0, 1, 199].map((index) => serverAddress('127.0.0.1', index))).toEqual([
      '127.0.0.11',
      '127.0.0.12',
      '127.0.0.210',
    ]);
  });
});
