import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCommandLoad } from '../../../adapters/load/command.ts';
import { plantTree } from '../../support/temp-tree.ts';

const SCRIPT = join(import.meta.dirname, '../../../examples/custom-load/players.sh');

describe('the example of a load adapter', () => {
  const beside = async (players: string) => {
    const root = plantTree({ 'players-27015.txt': players });
    const program = join(root, 'players.sh');
    copyFileSync(SCRIPT, program);
    chmodSync(program, 0o755);
    return await createCommandLoad({ address: '127.0.0.1', port: 27_015 }, program).query();
  };

  it('tells the agent who plays', async () => {
    expect(await beside('ann\nbob "the" builder\n')).toEqual({ sessions: 2, participants: ['ann', 'bob the builder'] });
    expect(await beside('')).toEqual({ sessions: 0, participants: [] });
  });

  it('says by its exit code that the game is dead', async () => {
    const nowhere = createCommandLoad({ address: '127.0.0.1', port: 27_016 }, SCRIPT);
    await expect(nowhere.query()).rejects.toMatchObject({ code: 'load.query-failed' });
  });
});
