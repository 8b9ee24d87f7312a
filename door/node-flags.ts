/**
 * What Node is told when it runs the gateway, so that its memory stays small under full load: left alone, V8 lets the space
 * for new objects grow to 100 MB, and the one for old objects to several times what is used, before it collects. Neither
 * is a limit that a gateway could fail at. The systemd unit has the same flags (docs/decisions/0063-memory-of-a-gateway.md).
 */
export const DOOR_NODE_FLAGS: readonly string[] = ['--max-semi-space-size=2', '--heap-growing-percent=30'];

/** The same for the C library's `malloc`: one heap for all threads, which gives back what is free (mallopt(3)). */
export const DOOR_MALLOC: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
};
