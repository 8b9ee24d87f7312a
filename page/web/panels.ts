import type { PageEvent } from '../wire.ts';
import { byId, make, setTerms, setText } from './dom.ts';
import { age, clockTime, short, whole } from './format.ts';
import type { Picture, Server } from './picture.ts';

const SHOWN_EVENTS = 100;

/** The figures that say at a glance whether all is well. */
export function showTotals({ points, servers, door }: Picture): void {
  const last = points.at(-1);
  // A quiet door answers seldom: the last time that it took says more than none.
  const p99 = points.findLast((point) => point.p99 !== null)?.p99;
  const ready = servers.filter(({ status }) => status === 'ready').length;
  setTerms(byId('totals'), [
    ['servers ready', `${whole(ready)} / ${whole(servers.length)}`],
    ['sessions', last ? `${whole(last.sessions)} / ${whole(last.capacity)}` : '–'],
    ['free seats', last ? whole(last.free) : '–'],
    ['assignments', last && door ? `${short(last.answers)} /s` : '–'],
    ['99 % within', p99 == null ? '–' : `${short(p99)} ms`],
  ]);
}

interface PoolSum {
  servers: number;
  ready: number;
  sessions: number;
  capacity: number;
  free: number;
}

function sumPools(servers: readonly Server[]): ReadonlyMap<string, PoolSum> {
  const pools = new Map<string, PoolSum>();
  for (const { pool, status, sessions, capacity, free } of servers) {
    const sum = pools.get(pool) ?? { servers: 0, ready: 0, sessions: 0, capacity: 0, free: 0 };
    pools.set(pool, sum);
    sum.servers++;
    sum.sessions += sessions;
    sum.capacity += capacity;
    if (status !== 'ready') continue;
    sum.ready++;
    sum.free += free;
  }
  return new Map([...pools].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The pools as a table, and as what the filters offer. */
export function createPools(): (picture: Picture) => void {
  const head = make('thead', '', row('th', ['pool', 'ready', 'sessions', 'free']));
  const body = make('tbody');
  byId('pools').querySelector('table')!.append(head, body);
  const filters = [byId<HTMLSelectElement>('pool'), byId('explain').querySelector('select')!];
  let offered = '';
  return ({ servers }) => {
    const pools = sumPools(servers);
    const names = [...pools.keys()];
    if (names.join('\n') !== offered) {
      offered = names.join('\n');
      offer(filters[0]!, [['', 'All pools'], ...names.map((name) => [name, name] as const)]);
      offer(
        filters[1]!,
        names.flatMap((name) => [[name, name] as const]),
      );
      body.replaceChildren(...names.map(() => row('td', ['', '', '', ''])));
    }
    for (const [at, [name, sum]] of [...pools].entries()) {
      const cells = body.children[at]!.children;
      const texts = [
        name,
        `${whole(sum.ready)} / ${whole(sum.servers)}`,
        `${whole(sum.sessions)} / ${whole(sum.capacity)}`,
        whole(sum.free),
      ];
      for (const [n, text] of texts.entries()) setText(cells[n]!, text);
      (body.children[at] as HTMLElement).classList.toggle('bad', sum.ready === 0 || sum.free === 0);
    }
  };
}

function row(tag: 'td' | 'th', texts: readonly string[]): HTMLElement {
  return make('tr', '', ...texts.map((text) => make(tag, '', text)));
}

function offer(select: HTMLSelectElement, options: readonly (readonly [string, string])[]): void {
  const { value } = select;
  select.replaceChildren(
    ...options.map(([name, label]) => {
      const option = make('option', '', label);
      option.value = name;
      return option;
    }),
  );
  if (options.some(([name]) => name === value)) select.value = value;
}

/** What happens, the newest on top. */
export function createEvents(): (events: readonly PageEvent[]) => void {
  const list = byId('events').querySelector('ol')!;
  let last: PageEvent | undefined;
  return (events) => {
    const at = last ? events.lastIndexOf(last) : -1;
    if (at === -1) list.replaceChildren();
    const fresh = events.slice(at + 1);
    last = events.at(-1);
    if (fresh.length === 0) return;
    const items = fresh.slice(-SHOWN_EVENTS).map(({ atMs, kind, text }) => {
      const item = make('li', '', make('time', '', clockTime(atMs)), make('span', '', text));
      item.dataset['kind'] = kind;
      return item;
    });
    list.prepend(...items.reverse());
    while (list.children.length > SHOWN_EVENTS) list.lastElementChild?.remove();
  };
}

/** The door's own health. */
export function showDoor({ door, info }: Picture): void {
  const panel = byId('door');
  panel.classList.toggle('bad', door?.status !== 'ok');
  panel.classList.toggle('still', door?.rosterDegraded === true);
  const list = panel.querySelector('dl')!;
  if (!door) {
    setTerms(list, [['state', 'does not answer: clients that ask now get nothing from it']]);
    return;
  }
  const { rosterAgeMs, counters = {}, probing, liveDoors = [] } = door;
  const roster = rosterAgeMs == null ? 'never read' : `${age(rosterAgeMs)} old, version ${door.rosterVersion}`;
  setTerms(list, [
    ['state', door.reason === undefined ? door.status : `${door.status}: ${door.reason}`],
    ['version', door.version ?? '?'],
    ['policy', info?.policy ?? '?'],
    ['roster', door.rosterDegraded ? `${roster}; it stands still` : roster],
    ['gives out', `${door.openServers} of ${door.servers} servers`],
    ...(liveDoors.length > 0 ? [['doors alive', liveDoors.join(', ')] as const] : []),
    ...(probing
      ? [
          [
            'probes',
            probing.degraded ? 'over half is silent: nobody is judged' : `${probing.watched} servers watched`,
          ] as const,
          ['found silent', probing.suspects.join(', ') || 'none'] as const,
        ]
      : []),
    ...(door.unreadableItems ? [['items skipped', String(door.unreadableItems)] as const] : []),
    ['since its start', `${whole((counters['assigned'] ?? 0) + (counters['classic'] ?? 0))} assignments`],
  ]);
}
