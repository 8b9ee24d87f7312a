/** The fixed limits of the probe protocol, version 1 (docs/PROTOCOL.md, "Limits"). None of them is a setting. */

/** Type of every packet unless the deployment sets another. */
export const PROBE_TYPE = 0xffff;

/** Nothing longer is sent or accepted: it passes every IPv6 path (1,280, RFC 8200) with room for tunnels. */
export const MAX_PACKET_BYTES = 1200;
/** What clients pad a request to the door to, so that the usual answer fits. */
export const DOOR_REQUEST_BYTES = 800;
/** What clients pad a keepalive to. */
export const KEEPALIVE_REQUEST_BYTES = 96;

export const CLASSIC_IPV4_BYTES = 8;
export const CLASSIC_IPV6_BYTES = 20;
/** Length, Type and the 16 bytes of Address. */
export const EXTENDED_HEADER_BYTES = 20;
export const OPTION_HEADER_BYTES = 3;
export const NONCE_BYTES = 8;
/** The header and the nonce option, which every extended packet has. */
export const MIN_EXTENDED_BYTES = EXTENDED_HEADER_BYTES + OPTION_HEADER_BYTES + NONCE_BYTES;
export const MAX_OPTIONS = 16;

/** App, world, group and participant names, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 32;
/** The client's stable identity, opaque. */
export const MAX_CLIENT_BYTES = 32;
export const MAX_SERVER_ID_BYTES = 24;
export const MAX_TICKET_BYTES = 760;
export const MAX_WAIT_BYTES = 400;
export const COOKIE_BYTES = 20;
/** The text of an error option. */
export const MAX_REASON_BYTES = 64;
export const MAX_AVOID = 3;
export const MAX_PORTS = 16;
export const MAX_ALTERNATES = 2;
export const MAX_DESCRIPTION_BYTES = 512;
export const MAX_INFO_BYTES = 64;
export const SIGNATURE_BYTES = 64;

/** The largest value that fits beside a nonce: of padding, or of a page that fills a packet. */
export const MAX_VALUE_BYTES = MAX_PACKET_BYTES - MIN_EXTENDED_BYTES - OPTION_HEADER_BYTES;

/** Over TCP a packet must be complete this long after its first byte. */
export const STREAM_PACKET_TIMEOUT_MS = 5_000;
/** Over TCP a connection without a packet closes after this. */
export const STREAM_IDLE_TIMEOUT_MS = 30_000;
