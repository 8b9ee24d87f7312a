import { act } from './actions.ts';
import { button, byId, make, setTerms, setText } from './dom.ts';
import { age } from './format.ts';
import { reservedOf, type Server } from './picture.ts';
import { statusLabel } from './status.ts';

export interface Details {
  show(server: Server | undefined, mayCrash: boolean): void;
}

const HINT = 'Choose a server: by a click, or with the arrow keys in the list. / searches.';

/** The chosen server with all that is known of it, and what may be done to it. */
export function createDetails(): Details {
  const section = byId('details');
  const title = make('h2');
  const hint = make('p', 'hint', HINT);
  const list = make('dl');
  let current: Server | undefined;
  const acting = (action: Parameters<typeof act>[0]) => (): void => {
    if (current) void act(action, current);
  };
  const drain = button('Drain …', acting('drain'));
  const resume = button('Resume …', acting('resume'));
  const crash = button('Crash …', acting('crash'), 'grave');
  const actions = make('div', 'actions', drain, resume, crash);
  section.append(title, hint, list, actions);
  return {
    show(server, mayCrash) {
      current = server;
      hint.hidden = server !== undefined;
      list.hidden = actions.hidden = server === undefined;
      setText(title, server?.id ?? 'Server');
      if (!server) return;
      const { status, sessions, capacity, free, beatAtMs, pool, address, zone } = server;
      setTerms(list, [
        ['state', statusLabel(status)],
        ['sessions', `${sessions} of ${capacity}`],
        ['free seats', String(free)],
        ['reserved', String(reservedOf(server))],
        ['last beat', `${age(performance.now() - beatAtMs)} ago`],
        ['pool', pool],
        ['address', address],
        ['zone', zone],
      ]);
      drain.hidden = status === 'draining';
      resume.hidden = status !== 'draining';
      crash.hidden = !mayCrash;
    },
  };
}
