import type { Rng } from '../core/ports.ts';

/** How long sessions last, in s: lognormal, as those of games are. */
export interface Stays {
  whole(): number;
  /** What is left of a stay that one looks at in its middle: long ones are met more often. */
  rest(): number;
}

const SIGMA = 1.2;

export function createStays(rng: Rng, meanSeconds: number): Stays {
  /** G. Box and M. Muller, 1958. */
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - rng.float())) * Math.cos(2 * Math.PI * rng.float());
  return {
    whole: () => meanSeconds * Math.exp(SIGMA * normal() - SIGMA ** 2 / 2),
    rest: () => rng.float() * meanSeconds * Math.exp(SIGMA * normal() + SIGMA ** 2 / 2),
  };
}

/** How many come in a time in which `mean` come in the mean, by the gaps between them (D. Knuth, TAOCP 2, 3.4.1). */
export function poisson(rng: Rng, mean: number): number {
  const least = Math.exp(-mean);
  let count = 0;
  for (let left = rng.float(); left > least; left *= rng.float()) count++;
  return count;
}
