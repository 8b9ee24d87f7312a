import { describe, expect, it } from 'vitest';
import { createConnectionRoom } from '../../../core/connection-room.ts';

const entered = (room: ReturnType<typeof createConnectionRoom>, address: string, times: number): number =>
  Array.from({ length: times }, () => room.enter(address)).filter((leave) => leave !== undefined).length;

describe('room for connections', () => {
  it('is bounded in all and for each source, an IPv6 network of 64 bits being one', () => {
    const room = createConnectionRoom({ most: 10, mostPerSource: 4, exceptLoopback: false });
    expect(entered(room, '203.0.113.9', 9)).toBe(4);
    expect(entered(room, '2001:db8::1', 2) + entered(room, '2001:db8::ffff:2', 9)).toBe(4);
    expect(entered(room, '127.0.0.1', 9)).toBe(2);
  });

  it('is given back once for each connection, however often it is said to be over', () => {
    const room = createConnectionRoom({ most: 2, mostPerSource: 1, exceptLoopback: false });
    const leave = room.enter('203.0.113.9');
    expect(room.enter('203.0.113.9')).toBeUndefined();
    leave?.();
    leave?.();
    expect(entered(room, '203.0.113.9', 2)).toBe(1);
    expect(entered(room, '203.0.113.10', 2)).toBe(1);
    expect(entered(room, '203.0.113.11', 2)).toBe(0);
  });

  it('counts this very machine in all alone where that is wanted', () => {
    const room = createConnectionRoom({ most: 5, mostPerSource: 1, exceptLoopback: true });
    expect(entered(room, '127.0.0.1', 9)).toBe(5);
  });
});
