import { Duration } from 'aws-cdk-lib';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import { describe, expect, it } from 'vitest';
import type { ServerFleetProps } from '../../lib/server-fleet-props.ts';
import { aFleet } from './support/a-fleet.ts';
import { messageOf } from './support/synth.ts';

describe.each<[string, Partial<ServerFleetProps>, string]>([
  [
    'validateText',
    { app: 'arena#1' },
    '`app` must be 1 to 32 characters of letters, digits, space and + - = . _ : / @, got: arena#1.',
  ],
  [
    'validateLabels',
    { labels: { mode: '' } },
    '`labels` must be at most 8 names and values of 1 to 32 characters each, got: {"mode":""}.',
  ],
  ['validateOrder', { minCapacity: 3, maxCapacity: 2 }, '`maxCapacity` must be at least minCapacity (3), got: 2.'],
  [
    'validatePorts',
    { slots: 5, ports: { game: 7002, probe: 7000 } },
    '`ports` must be game, probe and others, each 5 ports from the next and from 7100, up to 65535, got: {"game":7002,"probe":7000}.',
  ],
  [
    'validatePorts with the agent’s API',
    { ports: { game: 7100, probe: 7000 } },
    '`ports` must be game, probe and others, each 1 ports from the next and from 7100, up to 65535, got: {"game":7100,"probe":7000}.',
  ],
  [
    'validateLoad',
    { load: `command:count --all` },
    '`load` must be a word of --load without quotes, backslashes and spaces: a program gets no arguments of its own, got: command:count --all.',
  ],
  [
    'validateTypes',
    { instanceTypes: [new InstanceType('t4g.small'), new InstanceType('t3.small')] },
    '`instanceTypes` must be one or more types of one architecture, got: t4g.small, t3.small.',
  ],
  [
    'validateTypes without a type',
    { instanceTypes: [] },
    '`instanceTypes` must be one or more types of one architecture, got: none.',
  ],
  [
    'validatePlatform',
    { platform: 'windows', instanceTypes: [new InstanceType('t4g.small')] },
    '`instanceTypes` must be x64 types, since Windows runs on no other, got: t4g.small.',
  ],
  [
    'the disk of Windows',
    { platform: 'windows', diskGib: 8 },
    '`diskGib` must be a whole number between 30 and 16384, got: 8.',
  ],
  [
    'validateGame',
    { gameFile: 'game.tar.gz' },
    '`gameCommand` must be given with gameFile and gameInstall, got: nothing.',
  ],
  ['validateDrain', { drainTime: Duration.seconds(10) }, '`drainTime` must be between 30 and 7200 s, got: 10 s.'],
])('%s', (_rule, props, message) => {
  it('says what is wrong', () => {
    expect(messageOf(() => aFleet(props))).toBe(message);
  });
});

describe('a fleet with several mistakes', () => {
  it('lists them all', () => {
    expect(messageOf(() => aFleet({ capacity: 0, slots: 0, diskGib: 1 })).split('\n')).toEqual([
      '`capacity` must be a whole number between 1 and 100000, got: 0.',
      '`slots` must be a whole number between 1 and 100, got: 0.',
      '`diskGib` must be a whole number between 2 and 16384, got: 1.',
    ]);
  });
});
