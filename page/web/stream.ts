import type { Step } from '../wire.ts';

export interface StreamHandlers {
  readonly onStep: (step: Step) => void;
  /** There is no connection any more, or one again. */
  readonly onLink: (isUp: boolean) => void;
}

/** Steps come once a second: after so long without one the connection is dead, though nobody has said so. */
const SILENT_MS = 5_000;
const LOOK_MS = 1_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 5_000;

/** Holds the stream: comes again after every loss, sooner at first. */
export function openStream({ onStep, onLink }: StreamHandlers): void {
  let source: EventSource | undefined;
  let heardAtMs = performance.now();
  let retryMs = FIRST_RETRY_MS;
  let timer: number | undefined;

  const open = (): void => {
    timer = undefined;
    heardAtMs = performance.now();
    source = new EventSource('events');
    source.addEventListener('message', ({ data }) => {
      heardAtMs = performance.now();
      retryMs = FIRST_RETRY_MS;
      onLink(true);
      onStep(JSON.parse(data as string) as Step);
    });
    source.addEventListener('error', lose);
  };
  const lose = (): void => {
    source?.close();
    source = undefined;
    onLink(false);
    timer ??= setTimeout(open, retryMs);
    retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
  };
  setInterval(() => {
    if (source && performance.now() - heardAtMs > SILENT_MS) lose();
  }, LOOK_MS);
  // A laptop that was asleep, or a phone in a pocket, need not wait for the next try.
  document.addEventListener('visibilitychange', () => {
    if (document.hidden || source) return;
    clearTimeout(timer);
    open();
  });
  open();
}
