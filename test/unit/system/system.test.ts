import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createLogger, type LoggerOptions } from '../../../adapters/system/logger.ts';
import { systemClock } from '../../../adapters/system/system-clock.ts';
import { createSystemRng } from '../../../adapters/system/system-rng.ts';
import { OnedoorError } from '../../../core/errors.ts';
import { encodeTicket } from '../../../core/ticket/encode.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { keysOf, someClaims } from '../../support/tickets.ts';

describe('systemClock', () => {
  it('has a wall clock in ms and a monotonic one that never goes back', () => {
    expect(Math.abs(systemClock.wallMs() - Date.now())).toBeLessThan(1_000);
    let last = systemClock.monoMs();
    for (let reading = 0; reading < 1_000; reading++) {
      const now = systemClock.monoMs();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });
});

describe('fakeClock', () => {
  it('stands still until it is moved, and its wall clock can be set alone', () => {
    const clock = fakeClock({ monoMs: 10, wallMs: 1_000 });
    clock.advance(5);
    clock.setWallMs(0);
    expect([clock.monoMs(), clock.wallMs()]).toEqual([15, 0]);
    expect(() => clock.advance(-1)).toThrow('`ms` must not be negative, got: -1');
  });
});

describe('createSystemRng', () => {
  it('draws floats from [0, 1), evenly', () => {
    const rng = createSystemRng();
    const draws = Array.from({ length: 20_000 }, () => rng.float());
    expect(draws.every((value) => value >= 0 && value < 1)).toBe(true);
    // 20 standard deviations of the mean: fails once in 10^88 runs by chance.
    expect(Math.abs(draws.reduce((sum, value) => sum + value, 0) / draws.length - 0.5)).toBeLessThan(0.041);
  });

  it('gives bytes of any length, never the same twice, and takes none back', () => {
    const rng = createSystemRng();
    const tokens = Array.from({ length: 2_000 }, () => rng.bytes(16));
    const texts = tokens.map((bytes) => Buffer.from(bytes).toString('hex'));
    expect(new Set(texts).size).toBe(2_000);
    expect(tokens.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(texts);
    for (const length of [0, 1, 4_096, 4_097, 10_000]) expect(rng.bytes(length)).toHaveLength(length);
  });

  it('fills large requests too', () => {
    expect(new Set(createSystemRng().bytes(10_000)).size).toBe(256);
  });
});

describe('createLogger', () => {
  const ticket = encodeTicket(someClaims(), keysOf().signer);

  function linesOf(options: LoggerOptions, write: (log: ReturnType<typeof createLogger>) => void) {
    const lines: string[] = [];
    write(createLogger({ ...options, destination: { write: (line) => void lines.push(line) } }));
    return { raw: lines.join(''), parsed: lines.map((line) => JSON.parse(line)) };
  }

  it('writes one JSON object a line with level, time, message and fields', () => {
    const { raw, parsed } = linesOf({ base: { service: 'door' } }, (log) =>
      log.info({ requestId: 'r-1', serverId: 'b.0', code: 'agent.full' }, 'refused'),
    );
    expect(raw.endsWith('}\n')).toBe(true);
    expect(parsed).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        service: 'door',
        requestId: 'r-1',
        serverId: 'b.0',
        code: 'agent.full',
        msg: 'refused',
      },
    ]);
  });

  it('leaves out what is under its level', () => {
    const { parsed } = linesOf({ level: 'warn' }, (log) => {
      log.info('no');
      log.warn('yes');
    });
    expect(parsed.map(({ msg }) => msg)).toEqual(['yes']);
    expect(linesOf({}, (log) => log.debug('no')).parsed).toEqual([]);
  });

  it('takes the code of an operational failure from the error, and writes its payload and cause', () => {
    const err = new OnedoorError('registry.unreachable', { table: 'onedoor' }, { cause: new Error('socket closed') });
    const { parsed } = linesOf({}, (log) => log.error({ err }, 'beat failed'));
    expect(parsed[0]).toMatchObject({ code: 'registry.unreachable', err: { payload: { table: 'onedoor' } } });
    expect(parsed[0].err.message).toContain('socket closed');
  });

  it('never writes a ticket, wherever it stands', () => {
    const { raw, parsed } = linesOf({ base: { ticketOfBase: ticket } }, (log) => {
      log.info(`refused ${ticket}`);
      log.info({ note: `a ${ticket} b`, deep: { er: { est: [ticket, ticket.slice(0, 60)] } } }, 'nested');
      log.error({ err: new Error(`bad ticket: ${ticket}`) }, 'thrown');
      log.child({ bound: ticket }).info('child');
    });
    const [header, payload, signature] = ticket.split('.') as [string, string, string];
    for (const part of [header, payload.slice(0, 20), signature]) expect(raw).not.toContain(part);
    expect(parsed[0].msg).toBe('refused [ticket]');
    expect(parsed[1].note).toBe('a [ticket] b');
  });

  it('hides fields with the name of a secret', () => {
    const { raw } = linesOf({}, (log) =>
      log.info({
        secret: 's3cret',
        request: { token: 's3cret', headers: { authorization: 's3cret', cookie: 's3cret' } },
      }),
    );
    expect(raw).not.toContain('s3cret');
    expect(raw.match(/\[hidden\]/g)).toHaveLength(4);
  });

  it('writes to stdout at once, so that a process that ends leaves no line behind', () => {
    const script = `
      const { createLogger } = await import(${JSON.stringify(new URL('../../../adapters/system/logger.ts', import.meta.url).href)});
      const log = createLogger();
      for (let n = 0; n < 200; n++) log.info({ n }, 'last words');
      process.kill(process.pid, 'SIGKILL');`;
    const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(signal).toBe('SIGKILL');
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).n),
    ).toEqual([...Array(200).keys()]);
  });
});
