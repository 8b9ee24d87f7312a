import { ticketKeys } from '../../adapters/crypto/ticket-keys.ts';
import type { Claims } from '../../core/ticket/claims.ts';

/** A deployment's keys; another `name` gives another deployment's. */
export function keysOf(name = 'a deployment') {
  return ticketKeys(new TextEncoder().encode(`the secret of ${name}`.padEnd(32, '.')));
}

/** Claims of a client on seat 1,767,225,600,001 of `i-0123456789abcdef0.0` in deployment `onedoor`. */
export function someClaims(changed: Partial<Claims> = {}): Claims {
  const claims: Claims = {
    iss: 'onedoor',
    aud: 'i-0123456789abcdef0.0',
    sub: 'cGxheWVyLTE',
    jti: '',
    iat: 1_767_225_600,
    exp: 1_767_225_640,
    gen: '00000000000000a1',
    seat: 1_767_225_600_001,
    app: 'arena',
    wld: 'w1',
    grp: 'g1',
    ...changed,
  };
  return { ...claims, jti: changed.jti ?? `${claims.aud}:${claims.gen}:${claims.seat}` };
}
