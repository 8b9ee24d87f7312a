import { isLoopback, sourcePrefix } from './source-limit.ts';
import { parseAddress } from './wire/address.ts';

/** Room for connections: so many in all, and so many of one source, so that one client does not hold the port shut for all. */
export interface ConnectionRoom {
  /** What to call when the connection is over; undefined if there is no room for it. */
  enter(address: string): (() => void) | undefined;
}

/** A source is an IPv4 address, or an IPv6 network of 64 bits. What is kept is bounded by `most`. */
export function createConnectionRoom(options: {
  readonly most: number;
  readonly mostPerSource: number;
  /** Connections from this very machine count in all alone. */
  readonly exceptLoopback: boolean;
}): ConnectionRoom {
  const { most, mostPerSource, exceptLoopback } = options;
  const held = new Map<string, number>();
  let open = 0;
  return {
    enter(address) {
      const bytes = parseAddress(address) ?? new Uint8Array(4);
      const source = sourcePrefix(bytes).join('.');
      const count = held.get(source) ?? 0;
      const isFree = exceptLoopback && isLoopback(bytes);
      if (open >= most || (count >= mostPerSource && !isFree)) return undefined;
      open++;
      held.set(source, count + 1);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        open--;
        const left = (held.get(source) ?? 1) - 1;
        if (left > 0) held.set(source, left);
        else held.delete(source);
      };
    },
  };
}
