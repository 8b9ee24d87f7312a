/**
 * What a ticket says (docs/PROTOCOL.md section 4); the names are those of RFC 7519 where it has one. Lengths are in bytes
 * of UTF-8. A claim that is not listed here is ignored (RFC 7519, section 4).
 */
export interface Claims {
  /** The deployment, 1..24 bytes. */
  readonly iss: string;
  /** Short id of the server, 1..24 bytes. */
  readonly aud: string;
  /** base64url of the 1..32 client bytes. */
  readonly sub: string;
  /** `<aud>:<gen>:<seat>`. */
  readonly jti: string;
  /** Wall time of issue in s. */
  readonly iat: number;
  /** Wall time in s until which the seat should be activated. For people and clients; agents go by the serial. */
  readonly exp: number;
  /** The life of the agent that the seat was taken from, 1..32 bytes. */
  readonly gen: string;
  /** Serial of the seat, 1 or more. */
  readonly seat: number;
  /** 1..32 bytes. */
  readonly app: string;
  /** World, 1..32 bytes. */
  readonly wld?: string;
  /** Group, 1..32 bytes. */
  readonly grp?: string;
  /** Ids of the one or two alternates, ranked. */
  readonly alt?: readonly string[];
}

/** After its `iat`: so long a ticket is good at its alternates, and for reports. A session may be old when its server dies. */
export const TICKET_USE_SECONDS = 12 * 3_600;

/** The id of a seat: unique, since a life of an agent never gives the same serial twice. */
export function seatId(server: string, gen: string, serial: number): string {
  return `${server}:${gen}:${serial}`;
}
