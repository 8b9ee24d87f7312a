import type { ActionRequest } from '../wire.ts';
import { byId, setText } from './dom.ts';
import type { Server } from './picture.ts';
import { post } from './requests.ts';

type Action = ActionRequest['action'];

interface Question {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly isGrave?: boolean;
}

const TOAST_MS = 6_000;

/** What will happen, before it does. */
function questionFor(action: Action, { id, sessions }: Server): Question {
  const players = sessions === 1 ? '1 session' : `${sessions} sessions`;
  switch (action) {
    case 'drain':
      return {
        title: `Drain ${id}?`,
        text: `Nobody new is sent there from its next beat on. Its ${players} play on, and are moved to other servers where these have seats. Resume takes it back.`,
        yes: 'Drain',
      };
    case 'resume':
      return {
        title: `Resume ${id}?`,
        text: 'It is given to new clients again, from its next beat on.',
        yes: 'Resume',
      };
    case 'crash':
      return {
        title: `Crash ${id}?`,
        text: `Its agent and its game are killed at once, without a word. Its ${players} are lost there and look for another server. It does not come back.`,
        yes: 'Crash',
        isGrave: true,
      };
  }
}

/** Asks before it acts; once more where the server says that it must be known what will happen. */
export async function act(action: Action, server: Server): Promise<void> {
  if (!(await ask(questionFor(action, server)))) return;
  const request: ActionRequest = { action, server: server.id };
  let reply = await post('actions', request);
  if (!reply.ok && reply.code === 'page.last-ready') {
    const grave = { title: 'This is the last one', text: reply.text, yes: 'Drain all the same', isGrave: true };
    if (!(await ask(grave))) return;
    reply = await post('actions', { ...request, knowsItIsLast: true });
  }
  say(reply.ok ? `${action} of ${server.id}: asked for` : `${action} of ${server.id}: ${reply.text}`);
}

/** False: cancelled, by whatever key or button. Cancel has the focus where it is grave. */
function ask({ title, text, yes, isGrave = false }: Question): Promise<boolean> {
  const dialog = byId<HTMLDialogElement>('ask');
  const [no, go] = dialog.querySelectorAll('button') as unknown as [HTMLButtonElement, HTMLButtonElement];
  setText(dialog.querySelector('h2')!, title);
  setText(dialog.querySelector('p')!, text);
  setText(go, yes);
  go.classList.toggle('grave', isGrave);
  dialog.returnValue = 'no';
  dialog.showModal();
  (isGrave ? no : go).focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}

let hiding: number | undefined;

/** One line that goes away by itself. */
function say(text: string): void {
  const toast = byId('toast');
  toast.hidden = false;
  setText(toast, text);
  clearTimeout(hiding);
  hiding = setTimeout(() => {
    toast.hidden = true;
  }, TOAST_MS);
}
