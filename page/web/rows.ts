import { make, setText } from './dom.ts';
import { age } from './format.ts';
import { reservedOf, type Server } from './picture.ts';
import { statusLabel } from './status.ts';

/** Shows servers as rows or as tiles; which of them is marked is the list's business. */
export interface ServerView {
  show(servers: readonly Server[], marked: number, nowMs: number): void;
  /** Brings the marked server into sight. */
  reveal(at: number): void;
  /** How many places the arrow keys go: left or right, and up or down. */
  strides(): { readonly across: number; readonly down: number; readonly page: number };
  /** Id of the element that stands for the server, where there is one. */
  elementId(at: number): string | undefined;
  readonly element: HTMLElement;
}

interface Row {
  readonly element: HTMLElement;
  readonly status: HTMLElement;
  readonly id: HTMLElement;
  readonly pool: HTMLElement;
  readonly bar: HTMLElement;
  readonly load: HTMLElement;
  readonly reserved: HTMLElement;
  readonly beat: HTMLElement;
  readonly address: HTMLElement;
  place: number;
  style: string;
}

/** Rows above and below what can be seen, so that scrolling shows no gaps. */
const SPARE = 4;

/** Only the rows that can be seen are there, and are used again for others: 2,000 servers cost what 30 do. */
export function createRows(scroller: HTMLElement, onPick: (at: number) => void): ServerView {
  const element = make('div', 'rows');
  const rows: Row[] = [];
  let servers: readonly Server[] = [];
  let marked = -1;
  let nowMs = 0;

  const heightPx = (): number => Number.parseFloat(getComputedStyle(element).getPropertyValue('--row')) || 32;

  const draw = (): void => {
    if (!element.isConnected) return;
    const high = heightPx();
    const height = `${servers.length * high}px`;
    if (element.style.height !== height) {
      element.style.height = height;
      scroller.style.height = height;
    }
    const first = Math.max(0, Math.floor(scroller.scrollTop / high) - SPARE);
    const count = Math.min(servers.length - first, Math.ceil(scroller.clientHeight / high) + 2 * SPARE);
    while (rows.length < count) {
      const row = makeRow();
      row.element.addEventListener('click', () => onPick(row.place));
      rows.push(row);
      element.append(row.element);
    }
    for (const [n, row] of rows.entries()) {
      const at = first + n;
      const server = n < count ? servers[at] : undefined;
      row.element.hidden = !server;
      if (server) fill(row, server, at, servers.length, at === marked, nowMs, high);
    }
  };
  scroller.addEventListener('scroll', draw, { passive: true });
  new ResizeObserver(draw).observe(scroller);

  return {
    element,
    show(newServers, newMarked, newNowMs) {
      servers = newServers;
      marked = newMarked;
      nowMs = newNowMs;
      draw();
    },
    reveal(at) {
      const high = heightPx();
      if (at * high < scroller.scrollTop) scroller.scrollTop = at * high;
      const over = (at + 1) * high - scroller.scrollTop - scroller.clientHeight;
      if (over > 0) scroller.scrollTop += over;
    },
    strides: () => ({ across: 0, down: 1, page: Math.max(1, Math.floor(scroller.clientHeight / heightPx()) - 1) }),
    elementId: (at) => rows.find((row) => !row.element.hidden && row.place === at)?.element.id,
  };
}

let made = 0;

function makeRow(): Row {
  const cell = (name: string): HTMLElement => make('span', name);
  const bar = cell('bar');
  bar.append(make('i'), make('b'));
  const row = {
    status: cell('status'),
    id: cell('id'),
    pool: cell('pool'),
    bar,
    load: cell('load'),
    reserved: cell('reserved'),
    beat: cell('beat'),
    address: cell('address'),
  };
  const element = make('div', 'row', ...Object.values(row));
  element.setAttribute('role', 'option');
  element.id = `row-${made++}`;
  return { ...row, element, place: -1, style: '' };
}

function fill(
  row: Row,
  server: Server,
  at: number,
  size: number,
  isMarked: boolean,
  nowMs: number,
  highPx: number,
): void {
  const { element, bar } = row;
  const { status, capacity, sessions } = server;
  if (row.place !== at) {
    row.place = at;
    element.style.transform = `translateY(${at * highPx}px)`;
    element.setAttribute('aria-posinset', String(at + 1));
  }
  if (element.getAttribute('aria-setsize') !== String(size)) element.setAttribute('aria-setsize', String(size));
  if (element.dataset['status'] !== status) element.dataset['status'] = status;
  if (element.getAttribute('aria-selected') !== String(isMarked)) {
    element.setAttribute('aria-selected', String(isMarked));
  }
  setText(row.status, statusLabel(status));
  setText(row.id, server.id);
  setText(row.pool, `${server.world} / ${server.group}`);
  setText(row.load, `${sessions} / ${capacity}`);
  const reserved = reservedOf(server);
  setText(row.reserved, reserved === 0 ? '' : `+${reserved}`);
  setText(row.beat, age(nowMs - server.beatAtMs));
  setText(row.address, server.address);
  const part = (seats: number): number => (capacity === 0 ? 0 : Math.round((100 * seats) / capacity));
  const style = `${part(sessions)} ${part(sessions + reserved)}`;
  if (row.style === style) return;
  row.style = style;
  (bar.firstElementChild as HTMLElement).style.width = `${part(sessions + reserved)}%`;
  (bar.lastElementChild as HTMLElement).style.width = `${part(sessions)}%`;
}
