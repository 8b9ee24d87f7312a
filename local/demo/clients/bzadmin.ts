import { setTimeout as delay } from 'node:timers/promises';
import type { Children } from '../children.ts';
import { Failure } from '../report.ts';
import { JOIN_TIMEOUT_MS, type Join } from './game-link.ts';

const LEAVE_MS = 1_000;

/**
 * BZFlag's own client without a screen: it joins as an observer and shows the chat. It does not notice the end of its
 * server, so whoever uses it has to.
 */
export function createBzadminJoin(program: string, children: Children): Join {
  let joins = 0;
  return async (name, { address, port }, traffic) => {
    let said = '';
    let seen = (): void => {};
    const joined = new Promise<void>((resolve) => {
      seen = () => said.includes(`'${name}' joined the game`) && resolve();
    });
    const command = [program, '-ui', 'stdboth', `${name}@${address}:${port}`] as const;
    const child = children.start(`bzadmin-${++joins}-${name}`, [...command], {
      unprivileged: true,
      onOutput(text) {
        said += text;
        traffic.received();
        seen();
      },
    });
    const late = delay(JOIN_TIMEOUT_MS, undefined, { ref: false });
    const outcome = await Promise.race([joined.then(() => 'joined'), child.ended, late.then(() => 'late')]);
    if (outcome !== 'joined') {
      child.signal('SIGKILL');
      throw new Failure(`bzadmin did not get onto ${address}:${port} (${outcome}): ${said.trim()}`);
    }
    return {
      async leave() {
        child.type('/quit');
        await Promise.race([child.ended, delay(LEAVE_MS, undefined, { ref: false })]);
        child.signal('SIGKILL');
        await child.ended;
      },
    };
  };
}
