import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../../cli/context.ts';
import { createOutput } from '../../../cli/output.ts';
import { createProgram } from '../../../cli/program.ts';
import { findTarget } from '../../../cli/target.ts';

/** Runs a command line in this process: what it printed and how it ended. */
async function run(...argv: string[]) {
  let text = '';
  let code: number | undefined;
  const env = { ONEDOOR_HTTP: 'http://127.0.0.1:1' };
  const context = (json: boolean): Context => ({
    out: createOutput(json, (written) => {
      text += written;
    }),
    env,
    target: (flags) => findTarget(flags, async () => 'none', env),
    signal: new AbortController().signal,
    ask: undefined,
  });
  const program = createProgram({
    context,
    ended: (ending) => {
      code = ending;
    },
  });
  const quiet = (command: typeof program): void => {
    command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    for (const each of command.commands) quiet(each as typeof program);
  };
  quiet(program);
  await program.parseAsync(argv, { from: 'user' });
  return { text, code };
}

describe('the command line', () => {
  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a command that is nearly one', ['statsu'], /unknown command 'statsu'\n?\(Did you mean status\?\)/],
    [
      'a flag that is nearly one',
      ['servers', '--statu', 'x'],
      /unknown option '--statu'\n?\(Did you mean --status\?\)/,
    ],
    [
      'a status that none has',
      ['servers', '--status', 'away'],
      /Allowed choices are ready, starting, draining, suspect/,
    ],
    ['what is no address', ['probe', 'a:b:c'], /must be host\[:port\], got: a:b:c/],
    ['a port that none has', ['probe', 'host:99999'], /must be host\[:port\], got: host:99999/],
    ['no address', ['probe'], /missing required argument 'address'/],
    ['no probes', ['probe', 'host', '--count', '0'], /whole number from 1 to 1000000, got: 0/],
    ['time that runs back', ['probe', 'host', '--interval', '-1'], /a number above 0 up to 3600, got: -1/],
    ['what is no URL', ['status', '--http', 'door'], /must begin with http:\/\/ or https:\/\/, got: door/],
    ['a label without a value', ['assign', '--label', 'map='], /must be NAME=VALUE, got: map=/],
    ['an enrolment without an app', ['enrol', 'web1', '--address', '203.0.113.7'], /--app/],
    [
      'an enrolment at no address',
      ['enrol', 'web1', '--address', 'web1.example'],
      /must be an IP address, got: web1.example/,
    ],
    ['a server too many', ['drain', 'a.0', 'b.0'], /too many arguments/],
  ];
  for (const [name, argv, message] of wrong) {
    it(`refuses ${name}`, async () => {
      const failed = await run(...argv).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(CommanderError);
      expect((failed as CommanderError).message.replaceAll('\n', ' ')).toMatch(
        new RegExp(message.source.replace('\\n?', ' ?')),
      );
      expect((failed as CommanderError).exitCode).toBe(1);
    });
  }

  it('says in one line that nothing answers, and how to name another', async () => {
    await expect(run('status')).rejects.toThrow(/HTTP API at http:\/\/127.0.0.1:1 lists no servers: .*ECONNREFUSED/);
    await expect(run('assign')).rejects.toThrow(/does not answer \(.+\); name another with --http URL/);
    await expect(run('drain', 'a.0')).rejects.toThrow(/needs the registry.*name it with --table NAME/);
  });

  it('reckons costs for people and for programs', async () => {
    const { text, code } = await run('cost', '--players', '1000000');
    expect(code).toBe(0);
    expect(text).toMatch(/^part +\$ a day +\$ a month\n/);
    expect(text).toMatch(/\nall +\d+\.\d\d +\d+\.\d\d\n/);
    const { parts, usdMonth } = JSON.parse((await run('cost', '--json')).text);
    expect(parts.reduce((sum: number, part: { usdMonth: number }) => sum + part.usdMonth, 0)).toBeCloseTo(usdMonth, 6);
  });
});
