import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createClientHook } from '../../../agents/client-hook.ts';
import { aLog } from '../../support/agent-scene.ts';
import { plantTree } from '../../support/temp-tree.ts';
import { until } from '../../support/until.ts';

const GAME = { address: '127.0.0.1', port: 7777 };

/** A hook that writes its arguments and environment into a file. */
function aHook(script: string) {
  const dir = plantTree({ 'hook.sh': `#!/bin/sh\n${script}\n` });
  const program = join(dir, 'hook.sh');
  chmodSync(program, 0o755);
  const { log, lines } = aLog();
  const hook = createClientHook({ program, game: GAME, monoMs: () => performance.now(), log });
  const said = (): string => {
    try {
      return readFileSync(join(dir, 'said'), 'utf8');
    } catch {
      return '';
    }
  };
  return { hook, lines, said };
}

describe('the operator’s program for coming clients', () => {
  it('gets addresses and ports as arguments, and no environment but PATH', async () => {
    const { hook, said, lines } = aHook('echo "$#: $* [$HOME$USER]" >> "$(dirname "$0")/said"');
    hook('198.51.100.9', 40_000);
    hook('2001:db8::9; touch x', 0);
    await until(() => said().split('\n').length === 3);
    expect(said().split('\n').sort()).toEqual([
      '',
      '4: 198.51.100.9 40000 127.0.0.1 7777 []',
      '4: 2001:db8::9; touch x 0 127.0.0.1 7777 []',
    ]);
    expect(lines).toEqual([]);
  });

  it('may fail without harm: it is said once in a while', async () => {
    const { hook, lines } = aHook('exit 3');
    for (let n = 0; n < 6; n++) hook('198.51.100.9', n);
    await until(() => lines.length > 0);
    expect(lines).toEqual(['the program for coming clients failed']);
  });

  it('is not run for all of a crowd that it cannot keep up with', async () => {
    const { hook, lines, said } = aHook('echo x >> "$(dirname "$0")/said"');
    for (let n = 0; n < 300; n++) hook('198.51.100.9', n);
    expect(lines).toEqual(['too many clients come at once: the program is not run for all of them']);
    await until(() => said().length === 2 * 260);
  });
});
