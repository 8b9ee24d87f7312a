import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createVerifier } from '../../adapters/crypto/verifier.ts';
import { fromBase64Url, toBase64Url } from '../../core/ticket/base64url.ts';
import { decodeTicket } from '../../core/ticket/decode.ts';
import { encodeTicket } from '../../core/ticket/encode.ts';
import { issueTicket } from '../../core/ticket/issue.ts';
import { verifyTicket } from '../../core/ticket/verify.ts';
import { keysOf, someClaims } from '../support/tickets.ts';

const keys = keysOf();
const header = toBase64Url(new TextEncoder().encode(`{"alg":"EdDSA","kid":"${keys.signer.kid}"}`));
const signature = 'A'.repeat(86);
const aName = fc.stringMatching(/^[a-z0-9.-]{1,24}$/);
const someTexts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.base64String().map((text) => `${text}.${text}.${text}`),
  fc.uint8Array({ maxLength: 400 }).map((bytes) => `${header}.${toBase64Url(bytes)}.${signature}`),
  fc.json().map((json) => `${header}.${toBase64Url(new TextEncoder().encode(json))}.${signature}`),
  fc
    .dictionary(fc.constantFrom(...Object.keys(someClaims()), 'alt'), fc.jsonValue())
    .map(
      (odd) =>
        `${header}.${toBase64Url(new TextEncoder().encode(JSON.stringify({ ...someClaims(), ...odd })))}.${signature}`,
    ),
);

describe('issueTicket', () => {
  it('writes the claims as JSON has them, whatever stands in the names', () => {
    const odd = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.record({ id: odd, app: odd, world: odd, group: odd }),
        fc.record({ iss: odd, gen: odd }),
        fc.uint8Array({ minLength: 1, maxLength: 32 }),
        fc.array(odd, { maxLength: 2 }),
        (server, { iss, gen }, client, alternates) => {
          const seat = { gen, serial: 7, expiresWallMs: 1_767_225_640_900 };
          const { ticket, id } = issueTicket(
            { iss, server, seat, client, wallMs: 1_767_225_600_100, alternates },
            keys.signer,
          );
          const claims = {
            ...{ iss, aud: server.id, sub: toBase64Url(client), jti: id, iat: 1_767_225_600, exp: 1_767_225_640 },
            ...{ gen, seat: 7, app: server.app, wld: server.world, grp: server.group },
            ...(alternates.length > 0 && { alt: alternates }),
          };
          expect(ticket).toBe(encodeTicket(claims, keys.signer));
        },
      ),
    );
  });
});

describe('decodeTicket', () => {
  it('answers every text with claims of the right form or with ticket.malformed', () => {
    fc.assert(
      fc.property(someTexts, (text) => {
        const result = decodeTicket(text);
        if (!result.ok) expect(result.code).toBe('ticket.malformed');
        else
          expect(
            Number.isSafeInteger(result.claims.seat) && result.claims.jti.startsWith(`${result.claims.aud}:`),
          ).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads back what encodeTicket wrote, for any names', () => {
    const verify = createVerifier([keys.publicKey]);
    fc.assert(
      fc.property(
        fc.record({ iss: aName, aud: aName, app: aName, wld: aName, grp: aName }),
        fc.uint8Array({ minLength: 1, maxLength: 32 }),
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        (names, client, seat) => {
          const claims = someClaims({ ...names, seat, sub: toBase64Url(client) });
          const ticket = encodeTicket(claims, keys.signer);
          const { iss, aud, iat } = claims;
          expect(verifyTicket(ticket, { verify, iss, aud, wallMs: iat * 1_000 })).toEqual({ ok: true, claims });
          expect(fromBase64Url(claims.sub)).toEqual(client);
        },
      ),
    );
  });
});

describe('base64url', () => {
  it('has one text for bytes and one meaning for a text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{0,12}$/), (text) => {
        const bytes = fromBase64Url(text);
        if (bytes !== undefined) expect(toBase64Url(bytes)).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });
});
