import { describe, expect, it } from 'vitest';
import { createFunctionLogger } from '../../../adapters/system/function-logger.ts';
import { createLogger } from '../../../adapters/system/logger.ts';
import { OnedoorError } from '../../../core/errors.ts';

const TICKET = 'eyJhbGciOiJFZERTQSIsImtpZCI6ImExIn0.e30.c2ln';

function linesOf(level: 'debug' | 'warn', record: object, msg: string) {
  const lines: string[] = [];
  const options = { level: 'info', base: { service: 'assign' } } as const;
  createFunctionLogger({ ...options, write: (line) => lines.push(line) })[level](record, msg);
  const theirs: string[] = [];
  createLogger({ ...options, destination: { write: (line: string) => void theirs.push(line) } })[level](record, msg);
  return [lines, theirs] as const;
}

describe('the logger of a function', () => {
  it.each([
    { requestId: 'r1', status: 201, tookMs: 3 },
    { ticket: TICKET, nested: { secret: 'x', deeper: { password: 'y', fine: 'z' } } },
    { note: `it said ${TICKET} to me`, list: [1, 2] },
    {},
  ])('writes the line of the other logger: %j', (record) => {
    const [[line], [theirs]] = linesOf('warn', record, 'so it is');
    expect({ ...JSON.parse(line ?? ''), time: '' }).toEqual({ ...JSON.parse(theirs ?? ''), time: '' });
    expect(line).not.toContain(TICKET);
    expect(line).toMatch(/"time":"\d{4}-\d\d-\d\dT.*Z".*\n$/);
  });

  it('names the code of an error and where it came from', () => {
    const err = new OnedoorError('registry.unreachable', { table: 'onedoor', ticket: TICKET });
    const [[line], [theirs]] = linesOf('warn', { err }, 'again');
    for (const text of [line, theirs]) {
      expect(JSON.parse(text ?? '')).toMatchObject({
        code: 'registry.unreachable',
        err: { type: 'OnedoorError', code: 'registry.unreachable', payload: { table: 'onedoor' } },
        msg: 'again',
      });
      expect(text).not.toContain(TICKET);
      expect(text).toContain('function-logger.test.ts');
    }
  });

  it('is silent below its level', () => {
    expect(linesOf('debug', {}, 'nobody reads this')).toEqual([[], []]);
  });
});
