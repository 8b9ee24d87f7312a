import type { Status } from '../wire.ts';

/** Colour alone says nothing: each state has a sign and a word too. */
const SIGNS: Readonly<Record<Status, string>> = {
  ready: '●',
  starting: '○',
  draining: '◐',
  suspect: '▲',
  gone: '×',
};

export function statusLabel(status: Status): string {
  return `${SIGNS[status]} ${status}`;
}

/** The value of a colour of page.css at this moment: canvases know no variables. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Calls back whenever dark becomes light, contrast changes, or the reverse. */
export function onColoursChange(call: () => void): void {
  for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)']) {
    matchMedia(query).addEventListener('change', call);
  }
}
