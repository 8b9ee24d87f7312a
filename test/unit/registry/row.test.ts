import { describe, expect, it } from 'vitest';
import { operatorUserId, parseRowKey, rowKey, serverId } from '../../../core/registry/row.ts';

describe('the key of a server row', () => {
  it('names the machine and the slot of a server that AWS knows', () => {
    const key = rowKey('AROAEXAMPLE:i-0abc', 12);
    expect(key).toBe('SRV#AROAEXAMPLE:i-0abc#12');
    expect(parseRowKey(key)).toEqual({ userId: 'AROAEXAMPLE:i-0abc', machine: 'i-0abc', slot: 12, enrolled: false });
  });

  it('names the machine and the slot of a server that the operator enrolled', () => {
    const key = rowKey(operatorUserId('rack-7'), 0);
    expect(key).toBe('SRV#op:rack-7#0');
    expect(parseRowKey(key)).toEqual({ userId: 'op:rack-7', machine: 'rack-7', slot: 0, enrolled: true });
  });

  it('takes no machine of AWS for an enrolled one, whatever it is called', () => {
    expect(parseRowKey('SRV#AROAEXAMPLE:op:x#0')).toMatchObject({ machine: 'op:x', enrolled: false });
  });

  for (const key of [
    '',
    'SRV#',
    'SRV#AROAEXAMPLE:i-a',
    'SRV#AROAEXAMPLE:i-a#',
    'SRV#AROAEXAMPLE:#0',
    'SRV#AROAEXAMPLE:i-a#-1',
    'SRV#AROAEXAMPLE:i-a#1000',
    'SRV#AROAEXAMPLE:i-a#0 ',
    'SRV#AROAEXAMPLE:i-a#0#1',
    'srv#AROAEXAMPLE:i-a#0',
    'ROSTER#INDEX',
  ]) {
    it(`is not "${key}"`, () => {
      expect(parseRowKey(key)).toBeUndefined();
    });
  }

  it('is one for each slot: a second spelling of the number is no key', () => {
    expect(parseRowKey('SRV#AROAEXAMPLE:i-a#07')).toBeUndefined();
    expect(parseRowKey('SRV#AROAEXAMPLE:i-a#00')).toBeUndefined();
  });

  it('gives the id that clients see, without #', () => {
    expect(serverId('i-0abc', 3)).toBe('i-0abc.3');
  });
});
