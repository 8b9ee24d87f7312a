/** Global setup of the test projects that use dist/: makes the bundles once a run, however many projects ask. */
import { buildBundles } from './build.ts';

const MADE = Symbol.for('onedoor.bundles');

export async function setup(): Promise<void> {
  const shared = globalThis as { [MADE]?: Promise<unknown> };
  shared[MADE] ??= buildBundles();
  await shared[MADE];
}
