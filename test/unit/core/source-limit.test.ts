import { describe, expect, it } from 'vitest';
import { createSourceLimit, isLoopback, sourcePrefix } from '../../../core/source-limit.ts';
import { parseAddress } from '../../../core/wire/address.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { seededRng } from '../../support/seeded-rng.ts';

const at = (text: string): Uint8Array => parseAddress(text)!;

function aLimit(perSecond = 100) {
  const clock = fakeClock();
  const limit = createSourceLimit({ perSecond, clock, rng: seededRng(7) });
  const served = (address: string, requests: number): number => {
    let count = 0;
    for (let n = 0; n < requests; n++) if (limit.waitMs(at(address)) === 0) count++;
    return count;
  };
  return { clock, limit, served };
}

describe('the limit of a source', () => {
  it('serves a burst of two seconds at once, then so many a second', () => {
    const { clock, served } = aLimit();
    expect(served('203.0.113.9', 1_000)).toBe(200);
    clock.advance(1_000);
    expect(served('203.0.113.9', 1_000)).toBe(100);
    clock.advance(60_000);
    expect(served('203.0.113.9', 1_000)).toBe(200);
  });

  it('says how long to wait, after which it serves', () => {
    const { clock, limit, served } = aLimit();
    served('203.0.113.9', 200);
    const waitMs = limit.waitMs(at('203.0.113.9'));
    expect(waitMs).toBeGreaterThan(0);
    clock.advance(waitMs);
    expect(limit.waitMs(at('203.0.113.9'))).toBe(0);
  });

  it('counts an IPv4 address by itself and an IPv6 network of 64 bits as one', () => {
    const { served } = aLimit();
    expect(served('2001:db8:0:1::1', 150) + served('2001:db8:0:1:ffff::2', 150)).toBe(200);
    expect(served('2001:db8:0:2::1', 150)).toBe(150);
    expect(served('203.0.113.9', 200)).toBe(200);
    expect(served('203.0.113.10', 200)).toBe(200);
    expect(sourcePrefix(at('2001:db8:0:1::1'))).toHaveLength(8);
  });

  it('keeps its memory and its promise to others while a million sources ask', () => {
    const { clock, limit, served } = aLimit();
    const source = new Uint8Array(4);
    const view = new DataView(source.buffer);
    const before = process.memoryUsage().arrayBuffers;
    for (let n = 0; n < 1_000_000; n++) {
      view.setUint32(0, 0x0a000000 + n);
      limit.waitMs(source);
      if (n % 10_000 === 0) clock.advance(100);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    // 61 sources share a cell, and 100,000 requests a second that are spread so take little from each.
    expect(served('203.0.113.9', 100)).toBeGreaterThan(50);
  });

  it('takes hardly a neighbour with the one who sends too much', () => {
    const { served } = aLimit();
    for (let n = 0; n < 50; n++) served(`198.51.100.${n}`, 1_000);
    let hurt = 0;
    for (let n = 0; n < 1_000; n++) if (served(`10.1.${n >> 8}.${n & 255}`, 100) < 100) hurt++;
    expect(hurt).toBeLessThanOrEqual(1);
  });

  it('holds for nobody on this very machine, and for nobody at all where it is 0', () => {
    expect(aLimit().served('127.0.0.1', 1_000)).toBe(1_000);
    expect(aLimit().served('::1', 1_000)).toBe(1_000);
    expect(aLimit(0).served('203.0.113.9', 1_000)).toBe(1_000);
    expect([
      isLoopback(at('127.1.2.3')),
      isLoopback(at('::1')),
      isLoopback(at('::2')),
      isLoopback(at('1.0.0.127')),
    ]).toEqual([true, true, false, false]);
  });
});
