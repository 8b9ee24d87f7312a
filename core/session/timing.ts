/** The client's durations, all of them named here (docs/PROTOCOL.md, "Keepalives and failover" and "Asking the door"). */

/** When a request to the door goes out by UDP, counted from its start; each time from a new source port. */
export const DOOR_UDP_AT_MS = [0, 350, 700] as const;
/** When the door is also asked over TCP, on the address that UDP went to. */
export const DOOR_TCP_AT_MS = 1_000;
/** A door with several addresses: how long after the first TCP attempt the next address is tried. */
export const DOOR_TCP_STAGGER_MS = 250;
/** Of a door with many addresses, the two best (of different families if it has both) are asked over TCP. */
export const MAX_TCP_DOORS = 2;
/** When the door is also asked over HTTP. */
export const DOOR_HTTP_AT_MS = 2_000;
/** A request without an answer ends here; its nonce is worth nothing afterwards. */
export const DOOR_REQUEST_MS = 6_000;
/** The same where TCP and HTTP have failed and only silence is left. */
export const DOOR_UDP_ALONE_MS = 2_000;
/** How long the first request waits for the addresses of the door's name. */
export const RESOLVE_MS = 5_000;

/** How long a choice may take: reading the roster in pages, and pings to the best candidates. */
export const CHOOSE_MS = 15_000;

/** Full jitter: the n-th new request waits between 0 and min(cap, base * 2^n). */
export const BACKOFF_BASE_MS = 250;
export const BACKOFF_CAP_MS = 30_000;
/**
 * A crowd whose server died with its alternates comes to the door spread over this time, or over as long as it has played:
 * who came within a second may come again within one.
 */
export const STORM_MS = 5_000;
/** The longest that a door can make a client wait: a wrong number must not keep players out for days. */
export const RETRY_AFTER_CAP_MS = 300_000;

/** Until a server or door says otherwise. NATs forget idle UDP mappings after 30 s. */
export const DEFAULT_KEEPALIVE = { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 } as const;
/** What a server may set; a number beyond is cut to the bound. */
export const MIN_INTERVAL_MS = 1_000;
export const MIN_TIMEOUT_MS = 100;
export const MAX_TIMEOUT_MS = 10_000;
/** An alternate may be gone as well: its `timeout` counts as no more than this, and the next one's turn comes sooner. */
export const ALTERNATE_TIMEOUT_MS = 250;
/** A keepalive and its two retransmissions. */
export const TRANSMISSIONS_PER_KEEPALIVE = 3;

/** Game traffic that flowed in and then stopped for this long: a keepalive goes out at once. */
export const QUIET_MS = 1_000;
/** Game traffic flows while its silence is shorter than this many of its longest recent gaps ... */
export const FLOW_GAPS = 3;
/** ... of so many gaps, ... */
export const FLOW_MEMORY = 8;
/** ... and never stops flowing within this time. */
export const FLOW_MIN_MS = 1_000;
/** A single datagram has no gap yet: it speaks for the server this long. */
export const FLOW_UNKNOWN_MS = 3_000;

/** A hint (ICMP, a closed connection) starts a keepalive early, at most this often: hints can be forged. */
export const HINT_SPACING_MS = 1_000;
/** How soon a keepalive asks again after "where to go is not known yet" or "show the ticket later". */
export const ASK_AGAIN_MS = 2_000;
