import { expect, it } from 'vitest';
import { documentComplaints } from '../../../tools/check-docs.ts';
import { plantTree, type Tree } from '../../support/temp-tree.ts';

const CLEAN: Tree = {
  'package.json': JSON.stringify({ scripts: { start: 'true', 'test:unit': 'true' } }),
  'README.md':
    '# Name\nSee [the page](docs/PAGE.md#the-2nd-part-here), [below](#name), [out](https://example.org/x).\n',
  'docs/PAGE.md':
    '# Page\n## The 2nd part, here\n[up](../README.md) `npm run start`, `npm run test:unit`.\n```\n[no](link.md)\n```\n',
};

const page = (text: string): string => plantTree({ ...CLEAN, 'docs/OTHER.md': text });

it('pages whose links and scripts are all there pass', () => {
  expect(documentComplaints(plantTree(CLEAN))).toEqual([]);
});

it.each([
  ['a link to nowhere', '[x](MISSING.md)', 'docs/OTHER.md: MISSING.md is not there'],
  ['a reference to nowhere', '[x]\n\n[x]: MISSING.md', 'docs/OTHER.md: MISSING.md is not there'],
  ['an anchor that no heading has', '[x](PAGE.md#part-3)', 'docs/OTHER.md: PAGE.md#part-3: no such heading'],
  ['an anchor of the page itself', '# A\n[x](#b)', 'docs/OTHER.md: #b: no such heading'],
  ['a link out of the repository', '[x](../../x.md)', 'docs/OTHER.md: ../../x.md leaves the repository'],
  ['a script that is not there', 'Run `npm run fly`.', 'docs/OTHER.md: npm run fly: no such script'],
  ['a test that is not there', '`test/unit/x.test.ts`', 'docs/OTHER.md: test/unit/x.test.ts is not there'],
])('%s is found', (_, text, complaint) => {
  expect(documentComplaints(page(text))).toEqual([complaint]);
});

it('a test that a page names must have that name', () => {
  const tests = { 'test/unit/a.test.ts': "it('says it', () => {});" };
  const of = (name: string) =>
    documentComplaints(plantTree({ ...CLEAN, ...tests, 'docs/OTHER.md': `\`test/unit/a.test.ts\` "${name}"` }));
  expect(of('says it')).toEqual([]);
  expect(of('says more')).toEqual(['docs/OTHER.md: test/unit/a.test.ts has no test "says more"']);
});
