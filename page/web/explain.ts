import type { ExplainAnswer } from '../wire.ts';
import { byId, make } from './dom.ts';
import { age, percent } from './format.ts';
import { post } from './requests.ts';

/** The form that asks which server a client would get. */
export function createExplain(): void {
  const panel = byId('explain');
  const form = panel.querySelector('form')!;
  const answer = panel.querySelector('div')!;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    const [app = '', world, group] = String(fields.get('pool')).split(' / ');
    const reply = await post<ExplainAnswer>('explain', {
      client: String(fields.get('client')).trim(),
      app,
      world,
      group,
    });
    answer.replaceChildren(...(reply.ok ? explained(reply.value) : [make('p', 'bad', reply.text)]));
  });
}

function explained(answer: ExplainAnswer): HTMLElement[] {
  const { chosen, code, policy, sticky, steps, shares, closed, rosterVersion, rosterAgeMs } = answer;
  const head = chosen
    ? make('p', '', make('strong', '', chosen), sticky ? ' every time, while the servers stay the same' : ' this time')
    : make('p', 'bad', `None: ${code ?? 'no server can be had'}`);
  const looked = steps.map(({ where, servers, open }) => make('li', '', `${where}: ${open} of ${servers} can be had`));
  const shut = Object.entries(closed).map(([reason, count]) => `${count} ${reason}`);
  const lines = [
    ...looked,
    make('li', '', `policy ${policy}${sticky ? '' : ', which draws or takes turns'}`),
    ...(shut.length > 0 ? [make('li', '', `cannot be had: ${shut.join(', ')}`)] : []),
    make(
      'li',
      '',
      `roster ${rosterVersion}, ${rosterAgeMs === null ? 'never read' : `${age(rosterAgeMs)} old`}; no seat was taken`,
    ),
  ];
  return [head, ...(shares.length > 1 ? [shareList(shares)] : []), make('ul', '', ...lines)];
}

/** How often each server comes up, were the same asked many times. */
function shareList(shares: ExplainAnswer['shares']): HTMLElement {
  return make(
    'ol',
    'shares',
    ...shares.map(({ id, part, free, capacity }) => {
      const bar = make('i');
      bar.style.width = `${Math.max(1, part * 100)}%`;
      return make(
        'li',
        '',
        make('span', '', id),
        make('span', '', percent(part)),
        make('small', '', `${free} of ${capacity} free`),
        bar,
      );
    }),
  );
}
