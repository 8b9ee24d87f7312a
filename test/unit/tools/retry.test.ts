import { describe, expect, it } from 'vitest';
import { retry } from '../../../tools/retry.ts';

const failing = (times: number) => async (number: number) => {
  if (number <= times) throw new Error(`no answer ${number}`);
  return number;
};

describe('a retried step', () => {
  it('gives what the first good try gives, and says why the others failed', async () => {
    const lines: string[] = [];

    const result = await retry('the download', failing(2), { pauseMs: 1, say: (line) => lines.push(line) });

    expect(result).toBe(3);
    expect(lines).toEqual([
      '     the download: try 1 of 4 failed, again in 0.001 s: no answer 1',
      '     the download: try 2 of 4 failed, again in 0.002 s: no answer 2',
    ]);
  });

  it('fails with the reason of the last try', async () => {
    const result = retry('the download', failing(9), { tries: 2, pauseMs: 1, say: () => {} });

    await expect(result).rejects.toThrow('the download failed 2 times, the last time: no answer 2');
  });
});
