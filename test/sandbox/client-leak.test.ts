import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { next, ScriptedDeployment } from '../support/scripted-deployment.ts';

const here = new ScriptedDeployment();
afterEach(() => here.close());

const SESSIONS = 1_000;
const AT_ONCE = 100;

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

/** Timers and sockets that keep the process alive. */
function held(): number {
  return process.getActiveResourcesInfo().length;
}

describe('a thousand sessions', () => {
  it('leave no socket and no timer behind, whether they ended well or in the middle of a loss', async () => {
    const { door } = await here.start();
    await (await here.join(door)).close();
    const before = { files: openFiles(), held: held() };

    for (let done = 0; done < SESSIONS; done += AT_ONCE) {
      await Promise.all(
        Array.from({ length: AT_ONCE }, async (_, index) => {
          const session = await here.join(door);
          if (index % 2 === 0) {
            const moved = next(session, 'reassigned');
            session.lost();
            if (index % 4 === 0) await moved;
          }
          await session.close();
        }),
      );
    }

    expect(openFiles()).toBeLessThanOrEqual(before.files);
    expect(held()).toBeLessThanOrEqual(before.held);
  });
});

describe('a program that forgets to close its session', () => {
  it('ends all the same when it has nothing else to do', async () => {
    const { door } = await here.start();
    const client = join(import.meta.dirname, '../../client/index.ts');
    const program = `
      import { connect } from ${JSON.stringify(client)};
      const session = await connect({ door: '127.0.0.1:${door.port}', http: false });
      session.sent();
      console.log(session.server.id);
    `;

    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module-typescript', '--eval', program],
      { timeout: 15_000 },
    );

    expect(stdout.trim()).toBe('i-1.0');
  });
});
