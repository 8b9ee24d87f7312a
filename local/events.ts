/** What happens in the local system, as `--json` prints it: one object a line, `event` and `atMs` always there. */
export type LocalEvent =
  | {
      readonly event: 'ready';
      readonly door: string;
      readonly api: string;
      readonly registry: string;
      readonly page: string;
      readonly servers: readonly string[];
      readonly startMs: number;
    }
  | { readonly event: 'assigned'; readonly client: string; readonly server: string; readonly via: string }
  | { readonly event: 'lost'; readonly client: string; readonly server: string }
  | {
      readonly event: 'reassigned';
      readonly client: string;
      readonly from: string;
      readonly server: string;
      /** From the moment the client declared its server lost. */
      readonly tookMs: number;
    }
  | { readonly event: 'left'; readonly client: string; readonly server: string }
  | { readonly event: 'refused'; readonly client: string; readonly code: string }
  | { readonly event: 'drained'; readonly server: string }
  | { readonly event: 'exited'; readonly process: string; readonly code: number | string };

export type EventSink = (event: LocalEvent) => void;

/** One line for people. */
export function describeEvent(event: LocalEvent): string {
  switch (event.event) {
    case 'ready':
      return `ready after ${event.startMs} ms`;
    case 'assigned':
      return `${event.client} assigned to ${event.server} over ${event.via}`;
    case 'lost':
      return `${event.client} lost ${event.server}`;
    case 'reassigned':
      return `${event.client} moved from ${event.from} to ${event.server}${event.tookMs > 0 ? ` in ${event.tookMs} ms` : ''}`;
    case 'left':
      return `${event.client} left ${event.server}`;
    case 'refused':
      return `${event.client} refused: ${event.code}`;
    case 'drained':
      return `${event.server} is drained`;
    case 'exited':
      return `${event.process} exited (${event.code})`;
  }
}
