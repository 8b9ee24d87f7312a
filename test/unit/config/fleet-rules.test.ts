import { describe, expect, it } from 'vitest';
import { parseDeployConfig } from '../../../core/config/parse-deploy-config.ts';
import { ConfigError } from '../../../core/errors.ts';

const FLEET = { name: 'arena', app: 'arena', capacity: 10 };

function problemsOf(...fleets: readonly object[]): readonly string[] {
  try {
    parseDeployConfig({ fleets });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('a fleet of Windows machines', () => {
  it('gets machines that Windows runs on', () => {
    const { fleets } = parseDeployConfig({ fleets: [{ ...FLEET, platform: 'windows' }] });
    expect(fleets[0]).toMatchObject({ platform: 'windows', instanceTypes: ['t3.medium'], diskGib: 30 });
  });

  it('is refused what Windows has not, all at once', () => {
    expect(
      problemsOf({ ...FLEET, platform: 'windows', instanceTypes: ['t4g.small', 'c7gn.large'], diskGib: 8 }),
    ).toEqual([
      '`fleets[0].instanceTypes` must be x64 types for Windows, got: t4g.small, c7gn.large.',
      '`fleets[0].diskGib` must be at least 30 for Windows, got: 8.',
    ]);
  });

  it('may bring its game as a .zip, which others may not', () => {
    const game = { kind: 'archive', path: 'build/game.zip', command: './game.exe' };
    expect(problemsOf({ ...FLEET, platform: 'windows', game })).toEqual([]);
    expect(problemsOf({ ...FLEET, game })).toEqual([
      '`fleets[0].game.path` must be the path of a .tar.gz, got: build/game.zip.',
    ]);
  });

  it('is one of two platforms', () => {
    expect(problemsOf({ ...FLEET, platform: 'beos' })).toEqual([
      '`fleets[0].platform` must be one of linux, windows, got: beos.',
    ]);
  });
});

describe('instance types', () => {
  it('of two architectures are refused where they stand', () => {
    expect(problemsOf(FLEET, { ...FLEET, name: 'b', instanceTypes: ['c7g.large', 'c7i.large'] })).toEqual([
      '`fleets[1].instanceTypes` must be types of one architecture, got: c7g.large, c7i.large.',
    ]);
  });

  it.each([
    't3.small',
    'c7i.large',
    'm7i-flex.large',
    'g4dn.xlarge',
    'g6.xlarge',
    'c6gd.large',
    'x2gd.medium',
    'im4gn.large',
  ])('%s is taken', (type) => {
    expect(problemsOf({ ...FLEET, instanceTypes: [type] })).toEqual([]);
  });

  it.each(['g4dn.xlarge', 'g6.xlarge', 'gr6.4xlarge'])('%s is not taken for a Graviton', (type) => {
    expect(problemsOf({ ...FLEET, platform: 'windows', instanceTypes: [type] })).toEqual([]);
  });
});

describe('the program that counts players', () => {
  it.each(['/opt/game/count --all', 'count players', "count'em", 'C:\\game\\count.exe', ''])(
    '%j is refused: it has no arguments of its own',
    (command) => {
      expect(problemsOf({ ...FLEET, load: { adapter: 'command', command } })).toEqual([
        '`fleets[0].load.command` must be the path of a program, without spaces, quotes, backslashes and arguments ' +
          `(it gets the game’s address and port), got: ${command}.`,
      ]);
    },
  );

  it.each(['/opt/game/count', 'C:/game/count.exe'])('%s is taken', (command) => {
    expect(problemsOf({ ...FLEET, load: { adapter: 'command', command } })).toEqual([]);
  });

  it.each([
    [{}, []],
    [{ sessions: 'tickets', healthSeconds: 5, counters: { rooms: '0/10' }, lists: { members: 16 } }, []],
    [{ sessions: 'counter:rooms', counters: { rooms: '0/10' } }, []],
    [
      { sessions: 'list:rooms', counters: { rooms: '0/10' } },
      ['`fleets[0].load.sessions` must be a list that fleets[0].load.lists declares, got: rooms.'],
    ],
    [
      { sessions: 'people' },
      ['`fleets[0].load.sessions` must be players, tickets, counter:<name> or list:<name>, got: people.'],
    ],
    [{ counters: { rooms: '10' } }, ['`fleets[0].load.counters.rooms` must be count/capacity, such as 0/10, got: 10.']],
    [{ port: 7777 }, [expect.stringMatching(/must be at least 1 ports away from/)]],
    [{ port: 7100 }, [expect.stringMatching(/^`fleets\[0\].load.port` must be at least 1 ports away from/)]],
  ])('takes or refuses %j for builds made for Agones', (load, problems) => {
    expect(problemsOf({ ...FLEET, load: { adapter: 'agones', ...load } })).toEqual(problems);
  });
});

describe('a game that a command brings', () => {
  it('has a command that installs it and one that starts it', () => {
    const game = { kind: 'command', install: 'curl -fsS https://example.com/install | bash', command: './run' };
    expect(parseDeployConfig({ fleets: [{ ...FLEET, game }] }).fleets[0]?.game).toEqual(game);
    expect(problemsOf({ ...FLEET, game: { kind: 'command', command: './run' } })).toEqual([
      '`fleets[0].game.install` must be a command of 1 to 1000 characters on one line, got: nothing.',
    ]);
  });
});
