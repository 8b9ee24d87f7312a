import { STATUSES, type Status } from '../wire.ts';
import { byId, make, setText } from './dom.ts';
import { whole } from './format.ts';
import type { Picture, Server } from './picture.ts';
import { createRows, type ServerView } from './rows.ts';
import { type Selection, type SortBy, selectServers } from './selection.ts';
import { statusLabel } from './status.ts';
import { createTiles } from './tiles.ts';

export interface ServerList {
  /** The picture has moved. */
  show(): void;
  /** The chosen server, if it is still there. */
  chosen(): Server | undefined;
}

const VIEW_KEY = 'onedoor.view';
const COLUMNS: readonly (readonly [string, SortBy | undefined, string])[] = [
  ['status', 'status', 'state'],
  ['id', 'id', 'server'],
  ['pool', 'pool', 'world / group'],
  ['bar', undefined, ''],
  ['load', 'load', 'sessions'],
  ['reserved', 'reserved', 'reserved'],
  ['beat', 'beat', 'beat'],
  ['address', undefined, 'address'],
];

/** Search, filters, and the servers as rows or tiles, by mouse and by keyboard. */
export function createServerList(picture: Picture, onChoose: (isByHand: boolean) => void): ServerList {
  const list = byId('list');
  const search = byId<HTMLInputElement>('search');
  const pool = byId<HTMLSelectElement>('pool');
  let selection: Selection = { search: '', pool: '', statuses: new Set(), sortBy: 'id', isReversed: false };
  let chosenId: string | undefined;
  let shown: readonly Server[] = [];
  const choose = (at: number, isByHand: boolean): void => {
    chosenId = shown[at]?.id;
    show();
    view.reveal(at);
    onChoose(isByHand);
  };
  const views: Readonly<Record<string, ServerView>> = {
    rows: createRows(list, (at) => choose(at, true)),
    tiles: createTiles(list, (at) => choose(at, true)),
  };
  let view = views['rows']!;

  const show = (): void => {
    shown = selectServers(picture.servers, selection);
    const at = chosenId === undefined ? -1 : shown.findIndex(({ id }) => id === chosenId);
    view.show(shown, at, performance.now());
    const active = at < 0 ? undefined : view.elementId(at);
    if (active) list.setAttribute('aria-activedescendant', active);
    else list.removeAttribute('aria-activedescendant');
    showCounts(picture.servers, shown, selection.statuses);
  };
  const select = (change: Partial<Selection>): void => {
    selection = { ...selection, ...change };
    show();
  };
  search.addEventListener('input', () => select({ search: search.value }));
  pool.addEventListener('change', () => select({ pool: pool.value }));
  makeChips((status) => {
    const statuses = new Set(selection.statuses);
    if (!statuses.delete(status)) statuses.add(status);
    select({ statuses });
  });
  makeHead((sortBy) => select({ sortBy, isReversed: selection.sortBy === sortBy && !selection.isReversed }));
  const useView = (name: string): void => {
    view = views[name] ?? views['rows']!;
    list.replaceChildren(view.element);
    list.style.height = '';
    list.scrollTop = 0;
    byId('servers').dataset['view'] = view === views['tiles'] ? 'tiles' : 'rows';
    localStorage.setItem(VIEW_KEY, name);
    for (const each of byId('view').querySelectorAll('button')) {
      each.setAttribute('aria-pressed', String(views[each.dataset['view']!] === view));
    }
    show();
  };
  for (const each of byId('view').querySelectorAll('button')) {
    each.addEventListener('click', () => useView(each.dataset['view']!));
  }
  listenToKeys(
    list,
    search,
    () => ({ view, size: shown.length, at: shown.findIndex(({ id }) => id === chosenId) }),
    choose,
  );
  useView(localStorage.getItem(VIEW_KEY) ?? 'rows');

  return {
    show,
    chosen: () => picture.servers.find(({ id }) => id === chosenId),
  };
}

interface Place {
  readonly view: ServerView;
  readonly size: number;
  readonly at: number;
}

function listenToKeys(
  list: HTMLElement,
  search: HTMLInputElement,
  place: () => Place,
  choose: (at: number, isByHand: boolean) => void,
): void {
  list.addEventListener('keydown', (event) => {
    const { view, size, at } = place();
    const { across, down, page } = view.strides();
    const steps: Readonly<Record<string, number>> = {
      ...{ ArrowUp: -down, ArrowDown: down, ArrowLeft: -across, ArrowRight: across },
      ...{ PageUp: -page, PageDown: page, Home: -size, End: size },
    };
    const step = steps[event.key];
    if (size === 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    if (step === undefined) {
      if (event.key === 'Enter' && at >= 0) choose(at, true);
      return;
    }
    event.preventDefault();
    const next = at >= 0 ? at + step : event.key === 'End' ? size : 0;
    if (step !== 0) choose(Math.min(size - 1, Math.max(0, next)), false);
  });
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof HTMLElement && event.target.matches('input, select, textarea');
    if (event.key === '/' && !isTyping && !document.querySelector('dialog[open]')) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === 'Escape' && event.target === search) list.focus();
  });
}

function makeChips(onClick: (status: Status) => void): void {
  for (const status of ['ready', 'starting', 'draining', 'suspect', 'gone'] as const) {
    const chip = make('button', 'chip', statusLabel(status), make('span'));
    chip.type = 'button';
    chip.dataset['status'] = status;
    chip.addEventListener('click', () => onClick(status));
    byId('statuses').append(chip);
  }
}

function makeHead(onSort: (sortBy: SortBy) => void): void {
  for (const [name, sortBy, title] of COLUMNS) {
    const cell = make(sortBy ? 'button' : 'span', name, title);
    if (sortBy) cell.addEventListener('click', () => onSort(sortBy));
    byId('head').append(cell);
  }
}

function showCounts(all: readonly Server[], shown: readonly Server[], statuses: ReadonlySet<Status>): void {
  const counts = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<Status, number>;
  for (const { status } of all) counts[status]++;
  for (const chip of byId('statuses').querySelectorAll<HTMLElement>('.chip')) {
    const status = chip.dataset['status'] as Status;
    setText(chip.lastElementChild!, whole(counts[status]));
    chip.setAttribute('aria-pressed', String(statuses.has(status)));
    chip.hidden = counts[status] === 0 && !statuses.has(status) && status !== 'ready';
  }
  const said =
    all.length === 0
      ? 'No server is listed yet.'
      : shown.length === all.length
        ? `${whole(all.length)} ${all.length === 1 ? 'server' : 'servers'}`
        : `${whole(shown.length)} of ${whole(all.length)} servers`;
  setText(byId('shown'), said);
}
