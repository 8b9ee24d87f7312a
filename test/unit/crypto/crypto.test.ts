import { createHmac, createPrivateKey, hkdfSync, sign } from 'node:crypto';
import * as jose from 'jose';
import { describe, expect, it } from 'vitest';
import { deriveKey } from '../../../adapters/crypto/derive-key.ts';
import { macFrom } from '../../../adapters/crypto/mac.ts';
import { ticketKeys } from '../../../adapters/crypto/ticket-keys.ts';
import { createVerifier } from '../../../adapters/crypto/verifier.ts';
import { keysOf } from '../../support/tickets.ts';

const text = (value: string) => new TextEncoder().encode(value);
const hex = (value: string) => Uint8Array.from(Buffer.from(value, 'hex'));
const secret = text('0123456789abcdef0123456789abcdef');

describe('deriveKey', () => {
  it('is HKDF-SHA256 without salt', () => {
    // RFC 5869, section 2, by hand: PRK = HMAC(zeroes, secret), T(1) = HMAC(PRK, info | 1).
    const prk = createHmac('sha256', new Uint8Array(32)).update(secret).digest();
    const expected = createHmac('sha256', prk).update('some purpose').update(Uint8Array.of(1)).digest();
    expect(deriveKey(secret, 'some purpose')).toEqual(Uint8Array.from(expected));
  });

  it('gives another key for another purpose or secret', () => {
    const keys = [deriveKey(secret, 'a'), deriveKey(secret, 'b'), deriveKey(text('x'.repeat(32)), 'a')];
    expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(3);
  });

  it('refuses a secret that could be guessed', () => {
    expect(() => deriveKey(text('x'.repeat(31)), 'a')).toThrow('`secret` must be at least 32 bytes, got: 31');
  });
});

describe('ticketKeys', () => {
  it('gives every process of the deployment the same key, and another deployment another', () => {
    expect(ticketKeys(secret).publicKey).toEqual(ticketKeys(Uint8Array.from(secret)).publicKey);
    expect(ticketKeys(text('y'.repeat(32))).publicKey).not.toEqual(ticketKeys(secret).publicKey);
  });

  it('is the Ed25519 key of the derived seed', () => {
    const seed = Buffer.from(hkdfSync('sha256', secret, '', 'onedoor ticket ed25519', 32));
    const { x } = ticketKeys(secret).publicKey;
    const jwk = { kty: 'OKP', crv: 'Ed25519', x, d: seed.toString('base64url') };
    const expected = sign(null, text('data'), createPrivateKey({ key: jwk, format: 'jwk' }));
    expect(ticketKeys(secret).signer.sign(text('data'))).toEqual(expected);
  });

  it('is named by the start of its thumbprint as jose has it', async () => {
    const { signer, publicKey } = ticketKeys(secret);
    const thumbprint = await jose.calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x: publicKey.x });
    expect(publicKey.kid).toBe(thumbprint.slice(0, 8));
    expect(signer.kid).toBe(publicKey.kid);
  });
});

describe('createVerifier', () => {
  const [old, current] = [keysOf('yesterday'), keysOf('today')];
  const verify = createVerifier([old.publicKey, current.publicKey]);
  const data = text('what was signed');

  it('accepts the signature of each of its keys, under that key’s name alone', () => {
    expect(verify(old.signer.kid, data, old.signer.sign(data))).toBe(true);
    expect(verify(current.signer.kid, data, current.signer.sign(data))).toBe(true);
    expect(verify(current.signer.kid, data, old.signer.sign(data))).toBe(false);
    expect(verify(current.signer.kid, text('something else'), current.signer.sign(data))).toBe(false);
  });

  it('does not know other keys', () => {
    expect(verify('unknown', data, current.signer.sign(data))).toBeUndefined();
    expect(createVerifier([])(current.signer.kid, data, current.signer.sign(data))).toBeUndefined();
  });

  it('refuses signatures of another length', () => {
    const signature = current.signer.sign(data);
    for (const length of [0, 63]) expect(verify(current.signer.kid, data, signature.subarray(0, length))).toBe(false);
    expect(verify(current.signer.kid, data, Uint8Array.from([...signature, 0]))).toBe(false);
  });

  it('refuses S + L in place of S (RFC 8032, section 5.1.7), or one ticket would have two texts', () => {
    const signature = Uint8Array.from(current.signer.sign(data));
    const order = hex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
    let carry = 0;
    for (let at = 0; at < 32; at++) {
      carry += signature[32 + at]! + order[at]!;
      signature[32 + at] = carry;
      carry >>= 8;
    }
    expect(verify(current.signer.kid, data, signature)).toBe(false);
  });

  it('names every key that is none', () => {
    const keys = [{ kid: 'a', x: 'short' }, current.publicKey, { kid: 'b', x: '' }];
    expect(() => createVerifier(keys)).toThrow(
      'key `a` must be base64url of 32 bytes, got: short\nkey `b` must be base64url of 32 bytes, got: ',
    );
  });
});

describe('macFrom', () => {
  it('is HMAC-SHA256 under the derived key', () => {
    const expected = createHmac('sha256', deriveKey(secret, 'cookie')).update('data').digest();
    expect(macFrom(secret, 'cookie')(text('data'))).toEqual(expected);
  });

  it('gives different codes for different purposes', () => {
    expect(macFrom(secret, 'cookie')(text('data'))).not.toEqual(macFrom(secret, 'wait token')(text('data')));
  });
});
