import * as jose from 'jose';
import { describe, expect, it } from 'vitest';
import { createVerifier } from '../../../adapters/crypto/verifier.ts';
import type { Signer } from '../../../core/ports.ts';
import { toBase64Url } from '../../../core/ticket/base64url.ts';
import { type Claims, seatId } from '../../../core/ticket/claims.ts';
import { decodeTicket } from '../../../core/ticket/decode.ts';
import { encodeTicket } from '../../../core/ticket/encode.ts';
import { issueTicket } from '../../../core/ticket/issue.ts';
import { jwks } from '../../../core/ticket/jwks.ts';
import { type TicketExpectations, verifyTicket } from '../../../core/ticket/verify.ts';
import { MAX_TICKET_BYTES } from '../../../core/wire/limits.ts';
import { keysOf, someClaims } from '../../support/tickets.ts';

const keys = keysOf();
const verify = createVerifier([keys.publicKey]);
const claims = someClaims();
const ticket = encodeTicket(claims, keys.signer);

const expectations = (changed: Partial<TicketExpectations> = {}): TicketExpectations => ({
  verify,
  iss: claims.iss,
  aud: claims.aud,
  wallMs: claims.iat * 1_000,
  ...changed,
});

function codeOf(text: string, changed: Partial<TicketExpectations> = {}): string {
  const result = verifyTicket(text, expectations(changed));
  return result.ok ? 'ok' : result.code;
}

const base64url = (text: string) => toBase64Url(new TextEncoder().encode(text));

/** A ticket of these very texts, rightly signed. */
function signedTexts(header: string, payload: string, signer: Signer = keys.signer): string {
  const signed = `${base64url(header)}.${base64url(payload)}`;
  return `${signed}.${toBase64Url(signer.sign(new TextEncoder().encode(signed)))}`;
}

const header = `{"alg":"EdDSA","kid":"${keys.signer.kid}"}`;
const withClaims = (changed: Record<string, unknown>) => signedTexts(header, JSON.stringify({ ...claims, ...changed }));

describe('ticket', () => {
  it('comes back as it was, with the key’s name', () => {
    expect(verifyTicket(ticket, expectations())).toEqual({ ok: true, claims });
    const decoded = decodeTicket(ticket);
    expect(decoded.ok && decoded.kid).toBe(keys.signer.kid);
  });

  it('has at most 560 bytes where it is typical, and 760 with every claim at its longest', () => {
    const longest = someClaims({
      iss: 'd'.repeat(24),
      aud: 's'.repeat(24),
      sub: toBase64Url(new Uint8Array(32).fill(255)),
      seat: 9_999_999_999_999,
      app: 'a'.repeat(32),
      wld: 'w'.repeat(32),
      grp: 'g'.repeat(32),
      alt: ['1'.repeat(24), '2'.repeat(24)],
    });
    const longestTicket = encodeTicket(longest, keys.signer);
    expect(ticket.length).toBeLessThanOrEqual(560);
    expect(longestTicket.length).toBeLessThanOrEqual(MAX_TICKET_BYTES);
    expect(codeOf(longestTicket, { iss: longest.iss, aud: longest.aud })).toBe('ok');
  });

  it('is never made longer than can be read', () => {
    expect(() => encodeTicket(someClaims({ app: '\u0001'.repeat(80) }), keys.signer)).toThrow(
      /`claims` must make a ticket of at most 760 bytes, got: \d+/,
    );
  });

  it('proves the seat that it was issued for', () => {
    const issued = issueTicket(
      {
        iss: 'onedoor',
        server: { id: 'b.1', app: 'arena', world: 'w1', group: 'g1' },
        seat: { gen: 'g', serial: 7, expiresWallMs: 1_767_225_640_900 },
        client: new TextEncoder().encode('player-1'),
        wallMs: 1_767_225_600_100,
      },
      keys.signer,
    );
    expect(issued).toMatchObject({ id: seatId('b.1', 'g', 7), activateBy: 1_767_225_640 });
    expect(verifyTicket(issued.ticket, expectations({ aud: 'b.1' }))).toEqual({
      ok: true,
      claims: someClaims({ aud: 'b.1', gen: 'g', seat: 7 }),
    });
  });

  it('is refused with any one character changed', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const lasts = [ticket.indexOf('.') - 1, ticket.lastIndexOf('.') - 1, ticket.length - 1];
    let tried = 0;
    for (let at = 0; at < ticket.length; at++) {
      const value = alphabet.indexOf(ticket[at]!);
      const others = lasts.includes(at)
        ? [...alphabet]
        : [alphabet[value ^ 1]!, alphabet[(value + 32) % 64]!, '.', '='];
      for (const other of others.filter((character) => character !== ticket[at])) {
        tried++;
        expect(codeOf(ticket.slice(0, at) + other + ticket.slice(at + 1))).not.toBe('ok');
      }
    }
    expect(tried).toBeGreaterThan(ticket.length * 3);
  });

  it('is refused with any character missing at either end, or one more', () => {
    for (let length = 0; length < ticket.length; length++) {
      expect(codeOf(ticket.slice(0, length))).toBe('ticket.malformed');
    }
    for (const text of [`${ticket}A`, `A${ticket}`, `${ticket}.`, ` ${ticket}`, `${ticket}\n`, ticket.slice(1)]) {
      expect(codeOf(text)).toBe('ticket.malformed');
    }
  });
});

describe('ticket.malformed', () => {
  it.each([
    ['no algorithm', '{"alg":"none"}'],
    ['algorithm none with a key', `{"alg":"none","kid":"${keys.signer.kid}"}`],
    ['another algorithm', `{"alg":"HS256","kid":"${keys.signer.kid}"}`],
    ['a typ', `{"alg":"EdDSA","typ":"JWT","kid":"${keys.signer.kid}"}`],
    ['a crit', `{"alg":"EdDSA","kid":"${keys.signer.kid}","crit":["exp"]}`],
    ['the members the other way round', `{"kid":"${keys.signer.kid}","alg":"EdDSA"}`],
    ['two kids', `{"alg":"EdDSA","kid":"x","kid":"${keys.signer.kid}"}`],
    ['an escaped name', `{"\\u0061lg":"EdDSA","kid":"${keys.signer.kid}"}`],
    ['white space', `{"alg": "EdDSA","kid":"${keys.signer.kid}"}`],
    ['no kid', '{"alg":"EdDSA"}'],
    ['an empty kid', '{"alg":"EdDSA","kid":""}'],
    ['a kid with a key in it', '{"alg":"EdDSA","jwk":{},"kid":"x"}'],
    ['nothing', ''],
  ])('ticket.malformed: a header with %s', (_, text) => {
    expect(codeOf(signedTexts(text, JSON.stringify(claims)))).toBe('ticket.malformed');
  });

  it.each([
    ['a name twice', JSON.stringify(claims).replace('{', '{"aud":"x",')],
    ['white space', JSON.stringify(claims, null, 1)],
    ['a needless escape', JSON.stringify(claims).replace('"iss"', '"\\u0069ss"')],
    ['a number in another form', JSON.stringify(claims).replace('1767225600,', '1767225600.0,')],
    ['an array', '[]'],
    ['null', 'null'],
    ['a string', '"claims"'],
    ['no JSON', '{'],
    ['nothing', ''],
  ])('ticket.malformed: claims that are %s', (_, text) => {
    expect(codeOf(signedTexts(header, text))).toBe('ticket.malformed');
  });

  it('ticket.malformed: claims that are not UTF-8', () => {
    const bytes = new TextEncoder().encode(JSON.stringify(claims).replace('arena', 'ar\u00e9na'));
    bytes[bytes.indexOf(0xc3)] = 0x20;
    const signed = `${base64url(header)}.${toBase64Url(bytes)}`;
    const text = `${signed}.${toBase64Url(keys.signer.sign(new TextEncoder().encode(signed)))}`;
    expect(codeOf(text)).toBe('ticket.malformed');
  });

  const wrong: [string, unknown[]][] = [
    ['iss', [undefined, '', 'd'.repeat(25), 7]],
    ['aud', [undefined, '', 'é'.repeat(13), null]],
    ['sub', [undefined, '', 'A', 'cGxheWVyLTE=', toBase64Url(new Uint8Array(33)), 5]],
    ['jti', [undefined, '', `${claims.jti}0`, seatId(claims.aud, 'other', claims.seat)]],
    ['iat', [undefined, -1, 1.5, '1767225600', 2 ** 53]],
    ['exp', [undefined, -1, 1.5, null]],
    ['gen', [undefined, '', 'g'.repeat(33), 1]],
    ['seat', [undefined, 0, -1, 0.5, '7', 2 ** 53]],
    ['app', [undefined, '', 'a'.repeat(33), {}]],
    ['wld', ['', 'w'.repeat(33), null]],
    ['grp', ['', 'g'.repeat(33), 4]],
    ['alt', [[], ['a', 'b', 'c'], [''], [7], 'a', { 0: 'a', length: 1 }, null, ['s'.repeat(25)]]],
  ];
  it.each(wrong.flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    'ticket.malformed: claim %s is %j',
    (name, value) => {
      const result = verifyTicket(withClaims({ [name]: value }), expectations());
      expect(result).toMatchObject({ ok: false, code: 'ticket.malformed', detail: expect.stringMatching(/^claim /) });
    },
  );

  it('ticket.malformed: longer than any ticket is, before anything is decoded', () => {
    const result = verifyTicket(withClaims({ note: 'x'.repeat(400) }), expectations());
    expect(result).toMatchObject({ code: 'ticket.malformed', detail: 'longer than 760 bytes' });
  });

  it('is not said of a claim that the product does not know', () => {
    expect(codeOf(withClaims({ nbf: 0, future: { deep: [1] } }))).toBe('ok');
  });

  it('is not said where the clock was set back between taking and issuing', () => {
    expect(codeOf(withClaims({ exp: claims.iat - 1_000 }))).toBe('ok');
  });
});

describe('refusals in their order', () => {
  const stranger = keysOf('another deployment');
  const elsewhere: Partial<Claims> = { iss: 'other', aud: 'other.0', jti: seatId('other.0', claims.gen, claims.seat) };
  const late = { wallMs: claims.iat * 1_000 - 60_000 };

  it('ticket.unknown-key: signed by a key that nobody here knows, whatever else is wrong', () => {
    expect(codeOf(encodeTicket(someClaims(elsewhere), stranger.signer), late)).toBe('ticket.unknown-key');
  });

  it('ticket.forged: named after a known key but signed by another, whatever else is wrong', () => {
    const forger: Signer = { kid: keys.signer.kid, sign: (data) => stranger.signer.sign(data) };
    expect(codeOf(encodeTicket(someClaims(elsewhere), forger), late)).toBe('ticket.forged');
  });

  it('ticket.forged: claims of one ticket under the signature of another', () => {
    const other = encodeTicket(someClaims({ seat: 8 }), keys.signer);
    expect(codeOf(other.slice(0, other.lastIndexOf('.')) + ticket.slice(ticket.lastIndexOf('.')))).toBe(
      'ticket.forged',
    );
  });

  it('ticket.wrong-deployment: for another server too', () => {
    expect(codeOf(withClaims(elsewhere), late)).toBe('ticket.wrong-deployment');
  });

  it('ticket.wrong-server: from the future too', () => {
    expect(codeOf(withClaims({ ...elsewhere, iss: claims.iss }), late)).toBe('ticket.wrong-server');
  });

  it('ticket.wrong-server: an alternate is admitted elsewhere, not here', () => {
    expect(codeOf(withClaims({ alt: ['other.0'] }), { aud: 'other.0' })).toBe('ticket.wrong-server');
    expect(codeOf(withClaims({ alt: ['a.0', 'other.0'] }), { aud: 'other.0', orAlternate: true })).toBe('ok');
    expect(codeOf(withClaims({ alt: ['a.0'] }), { aud: 'other.0', orAlternate: true })).toBe('ticket.wrong-server');
  });

  it('ticket.clock: issued further in the future than the leeway, 5 s unless told', () => {
    const atSkew = (seconds: number, more = {}) => codeOf(ticket, { wallMs: (claims.iat - seconds) * 1_000, ...more });
    expect(atSkew(5)).toBe('ok');
    expect(atSkew(5.001)).toBe('ticket.clock');
    expect(atSkew(60, { leewaySeconds: 60 })).toBe('ok');
    expect(atSkew(1, { leewaySeconds: 0 })).toBe('ticket.clock');
  });

  it('an expired ticket is none of them: the agent’s floor decides, and sessions outlive `exp`', () => {
    expect(codeOf(ticket, { wallMs: (claims.exp + 86_400) * 1_000 })).toBe('ok');
  });
});

describe('tickets are standard', () => {
  it('jose verifies ours with the key set that we publish', async () => {
    const keySet = jose.createLocalJWKSet(jwks([keysOf('another').publicKey, keys.publicKey]) as jose.JSONWebKeySet);
    const { payload, protectedHeader } = await jose.jwtVerify(ticket, keySet, {
      issuer: claims.iss,
      audience: claims.aud,
      currentDate: new Date(claims.iat * 1_000),
    });
    expect(payload).toEqual(claims);
    expect(protectedHeader).toEqual({ alg: 'EdDSA', kid: keys.publicKey.kid });
  });

  it('we verify those of jose', async () => {
    const { privateKey, publicKey } = await jose.generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const { x } = await jose.exportJWK(publicKey);
    const theirs = await new jose.SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'jose-1' })
      .sign(privateKey);
    expect(codeOf(theirs, { verify: createVerifier([{ kid: 'jose-1', x: x! }]) })).toBe('ok');
  });

  it('the key set says what RFC 8037 asks for and no private part', () => {
    expect(jwks([keys.publicKey])).toEqual({
      keys: [{ kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA', ...keys.publicKey }],
    });
  });
});
