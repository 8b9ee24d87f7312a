import { expect, it } from 'vitest';

it('every script runs on Node 24, whatever the system has', () => {
  expect(process.versions.node.split('.')[0]).toBe('24');
});
