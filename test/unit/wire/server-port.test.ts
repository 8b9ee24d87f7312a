import { describe, expect, it } from 'vitest';
import { MAX_PORTS } from '../../../core/wire/limits.ts';
import { namedPorts } from '../../../core/wire/server-port.ts';

describe('ports by name', () => {
  it('get the number of their role', () => {
    expect(namedPorts({ game: 7777, probe: 7000, lobby: 7100, voice: 7200, 16: 1, 255: 2 })).toEqual([
      { role: 16, port: 1 },
      { role: 255, port: 2 },
      { role: 0, port: 7777 },
      { role: 1, port: 7000 },
      { role: 2, port: 7100 },
      { role: 3, port: 7200 },
    ]);
  });

  it('of the app have the numbers 16 to 255 for names, and no others', () => {
    const numbers = Array.from({ length: 1_200 }, (_, number) => number);
    const carried = numbers.filter((number) => namedPorts({ [number]: 1 })[0]?.role === number);
    expect(carried).toEqual(numbers.slice(16, 256));
  });

  it.each(['', ' ', '016', '0x10', '16.0', '1e2', '-16', '16 ', 'rcon', 'toString'])(
    'have no number as "%s" and are not carried',
    (name) => {
      expect(namedPorts({ [name]: 1 })).toEqual([]);
    },
  );

  it('are no more than the option holds', () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [String(100 + index), 1]));
    expect(namedPorts(many).length).toBe(MAX_PORTS);
  });
});
