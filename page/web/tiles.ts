import type { Status } from '../wire.ts';
import { make } from './dom.ts';
import { reservedOf, type Server } from './picture.ts';
import type { ServerView } from './rows.ts';
import { colour, onColoursChange } from './status.ts';

const LEAST_PX = 12;
const MOST_PX = 92;
/** From here on a tile has room for its id. */
const TEXT_PX = 62;
const GAP_PX = 2;
/** Canvases may not be higher than this in all browsers; further tiles are cut off. */
const MOST_HIGH_PX = 16_000;

type Palette = Readonly<Record<Status | 'text' | 'empty' | 'focus' | 'muted', string>>;

function readPalette(): Palette {
  const names = ['ready', 'starting', 'draining', 'suspect', 'gone', 'text', 'empty', 'focus', 'muted'] as const;
  return Object.fromEntries(names.map((name) => [name, colour(name)])) as Palette;
}

/** One canvas for all servers: each a tile, filled from below by its sessions, reserved seats paler above them. */
export function createTiles(scroller: HTMLElement, onPick: (at: number) => void): ServerView {
  const canvas = make('canvas');
  canvas.setAttribute('role', 'img');
  const element = make('div', 'tiles', canvas);
  const context = canvas.getContext('2d')!;
  let palette = readPalette();
  let servers: readonly Server[] = [];
  let marked = -1;
  let sizePx = MOST_PX;
  let columns = 1;

  const layOut = (): void => {
    const wide = scroller.clientWidth - 2;
    const high = scroller.clientHeight - 2;
    const fitting = Math.floor(Math.sqrt((wide * high) / Math.max(1, servers.length)));
    sizePx = Math.min(MOST_PX, Math.max(LEAST_PX, fitting - 1));
    columns = Math.max(1, Math.floor(wide / sizePx));
    // Columns are rounded down: one more row may be needed than the square root says.
    while (sizePx > LEAST_PX && Math.ceil(servers.length / columns) * sizePx > high) {
      sizePx--;
      columns = Math.max(1, Math.floor(wide / sizePx));
    }
    const ratio = devicePixelRatio || 1;
    const rows = Math.ceil(servers.length / columns);
    const size = [columns * sizePx, Math.min(MOST_HIGH_PX, Math.max(1, rows * sizePx))] as const;
    const [width, height] = size.map((px) => Math.round(px * ratio)) as [number, number];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      canvas.style.width = `${size[0]}px`;
      canvas.style.height = `${size[1]}px`;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
  };

  const draw = (): void => {
    if (!element.isConnected) return;
    layOut();
    context.clearRect(0, 0, canvas.width, canvas.height);
    for (const [at, server] of servers.entries()) {
      const x = (at % columns) * sizePx;
      const y = Math.floor(at / columns) * sizePx;
      drawTile(context, palette, server, { x, y, sizePx }, at === marked);
    }
  };
  new ResizeObserver(draw).observe(scroller);
  onColoursChange(() => {
    palette = readPalette();
    draw();
  });
  canvas.addEventListener('click', ({ offsetX, offsetY }) => {
    const at = Math.floor(offsetY / sizePx) * columns + Math.floor(offsetX / sizePx);
    if (at < servers.length) onPick(at);
  });

  return {
    element,
    show(newServers, newMarked) {
      servers = newServers;
      marked = newMarked;
      draw();
      const label = `${servers.length} servers as tiles`;
      if (canvas.getAttribute('aria-label') !== label) canvas.setAttribute('aria-label', label);
    },
    reveal(at) {
      const y = Math.floor(at / columns) * sizePx;
      if (y < scroller.scrollTop) scroller.scrollTop = y;
      const over = y + sizePx - scroller.scrollTop - scroller.clientHeight;
      if (over > 0) scroller.scrollTop += over;
    },
    strides: () => ({ across: 1, down: columns, page: columns * 4 }),
    elementId: () => undefined,
  };
}

function drawTile(
  context: CanvasRenderingContext2D,
  palette: Palette,
  server: Server,
  { x, y, sizePx }: { readonly x: number; readonly y: number; readonly sizePx: number },
  isMarked: boolean,
): void {
  const { status, sessions, capacity, id } = server;
  const side = sizePx - GAP_PX;
  const part = (seats: number): number => (capacity === 0 ? 0 : Math.round(side * Math.min(1, seats / capacity)));
  const [used, held] = [part(sessions), part(sessions + reservedOf(server))];
  context.fillStyle = palette.empty;
  context.fillRect(x, y, side, side);
  context.fillStyle = palette[status];
  context.globalAlpha = 0.3;
  context.fillRect(x, y + side - held, side, held);
  context.globalAlpha = 0.75;
  context.fillRect(x, y + side - used, side, used);
  context.globalAlpha = 1;
  context.fillRect(x, y, side, sizePx >= TEXT_PX ? 4 : 2);
  // Without colours a suspect still looks unlike the others: struck through.
  if (status === 'suspect' || status === 'gone') {
    context.strokeStyle = palette[status];
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(x + 1, y + side - 1);
    context.lineTo(x + side - 1, y + 1);
    context.stroke();
  }
  if (isMarked) {
    context.strokeStyle = palette.focus;
    context.lineWidth = 2;
    context.strokeRect(x + 1, y + 1, side - 2, side - 2);
  }
  if (sizePx < TEXT_PX) return;
  context.fillStyle = palette.text;
  context.font = '600 11px system-ui, sans-serif';
  context.fillText(id, x + 5, y + 19, side - 10);
  context.font = '11px system-ui, sans-serif';
  context.fillText(`${sessions} / ${capacity}`, x + 5, y + 34, side - 10);
  if (status !== 'ready') context.fillText(status, x + 5, y + 49, side - 10);
}
