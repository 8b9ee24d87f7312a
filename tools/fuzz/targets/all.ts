import type { Target } from '../target.ts';
import { GAME_TARGETS } from './games.ts';
import { HTTP_TARGETS } from './http.ts';
import { PACKET_TARGETS } from './packets.ts';
import { TEXT_TARGETS } from './texts.ts';

/** Every parser of what strangers send. */
export const TARGETS: readonly Target[] = [...PACKET_TARGETS, ...TEXT_TARGETS, ...HTTP_TARGETS, ...GAME_TARGETS];

/** A fault behind four conditions, which chance alone would meet once in 2^32 inputs: whether the fuzzer finds such. */
const PLANTED: Target = {
  name: 'planted',
  run([first, second, third, fourth]) {
    if (first !== 0x70) return 'first';
    if (second !== 0x17) return 'second';
    if (third !== 0x42) return 'third';
    if (fourth !== 0x99) return 'fourth';
    throw new Error('found');
  },
  seeds: [new Uint8Array(4)],
  maxBytes: 16,
};

export function targetNamed(name: string): Target {
  const found = [...TARGETS, PLANTED].find((target) => target.name === name);
  if (!found)
    throw new Error(`\`--target\` must be one of ${TARGETS.map((one) => one.name).join(', ')}, got: ${name}.`);
  return found;
}
