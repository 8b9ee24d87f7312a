import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decisionsPage } from '../../../tools/decisions-doc.ts';
import { codeComplaints, configComplaints, generatedComplaint, typeComplaints } from '../../../tools/docs/code.ts';
import { type Page, parsePage } from '../../../tools/docs/pages.ts';
import { shellComplaints } from '../../../tools/docs/shell.ts';
import { tableComplaints } from '../../../tools/docs/tables.ts';
import { wordComplaints } from '../../../tools/docs/words.ts';
import { plantTree } from '../../support/temp-tree.ts';

const ROOT = join(import.meta.dirname, '../../..');
const page = (text: string, path = 'docs/X.md'): Page => parsePage(path, text);
const block = (language: string, code: string): Page => page(`# X\n\n\`\`\`${language}\n${code}\n\`\`\`\n`);

describe('commands of pages', () => {
  it.each([
    ['block', 'npm ci && npm start -- --servers 0\nnpx onedoor status --stack arena-eu'],
    [
      'wrapped line',
      'npm run agent -- --app a --game 127.0.0.1:7777 --address 127.0.0.1 \\\n  --identity op:a --capacity 9',
    ],
    ['request', "curl -X POST 127.0.0.1:8080/v1/assignments -d '{}'  # HTTP"],
    ['request of an agent', 'curl -X POST http://127.0.0.1:7100/drain'],
  ])('a %s that is right passes', (_, code) => {
    expect(shellComplaints(ROOT, block('sh', code))).toEqual([]);
  });

  it.each([
    ['shell that is none', 'if true; do', /is no shell/],
    ['a script that is not there', 'npm run fly', /npm run fly: no such script/],
    ['a flag of the command line that is not there', 'npx onedoor servers --color red', /unknown option '--color'/],
    ['a command that is not there', 'npx onedoor statsu', /Did you mean status/],
    ['a flag of the local system that is not there', 'npm start -- --sevrers 3', /--sevrers/],
    ['a flag that npm would keep', 'npm start --servers 0', /flags go behind --/],
    ['a program that is not there', 'node bench/nothing.ts', /bench\/nothing.ts is not there/],
    ['a flag that a program does not name', 'node bench/balance.ts --fast', /knows no --fast/],
    ['a request that nobody answers', 'curl http://127.0.0.1:8080/v2/servers', /nobody answers GET \/v2\/servers/],
    ['a request by the wrong method', 'curl -X PUT http://127.0.0.1:8080/v1/servers', /nobody answers PUT/],
  ])('%s is found', (_, code, complaint) => {
    expect(shellComplaints(ROOT, block('sh', code))).toEqual([expect.stringMatching(complaint)]);
  });

  it('are also looked at in code spans and behind the $ of a session', () => {
    const text = 'Run `npx onedoor fly`.\n\n```text\n$ node bench/nothing.ts    with three others\n12\n```\n';
    expect(shellComplaints(ROOT, page(text))).toHaveLength(2);
  });
});

describe('code of pages', () => {
  it.each([
    ['a fence without a language', '', 'x', /says no language/],
    ['JSON that is none', 'json', '{', /JSON/],
    ['a setting that no program knows', 'json', '{"policy": "best"}', /`policy` must be/],
    ['YAML that is none', 'yaml', 'a: [', /flow/i],
    ['a language that nobody checks', 'cobol', 'STOP RUN.', /nobody compiles or runs cobol/],
  ])('%s is found', (_, language, code, complaint) => {
    expect(codeComplaints(ROOT, block(language, code))).toEqual([expect.stringMatching(complaint)]);
  });

  it('is compiled', () => {
    const complaints = typeComplaints(ROOT, [
      block('ts', "const session = await connect({ door: 'x', colour: 'red' });\nsession.sent();"),
      page("```ts\nsession.on('lost', ({ server }) => console.log(server.id));\n```\n", 'docs/Y.md'),
    ]);
    expect(complaints[0]).toMatch(/^docs\/X\.md: line 3: error TS\d+: .*'colour' does not exist/);
    expect(complaints.join()).not.toContain('docs/Y.md');
  });

  it('that configures a deployment is read as the deployment reads it', async () => {
    const config = block('ts', "export const config: DeployInput = { deployment: 'Arena EU' };");
    expect(await configComplaints(config)).toEqual([expect.stringMatching(/`deployment` must be/)]);
  });
});

describe('words of pages', () => {
  const glossary = page(
    '| word | meaning | not |\n|---|---|---|\n| door | what clients reach | front desk |\n',
    'docs/GLOSSARY.md',
  );

  it('are those of the glossary', () => {
    expect(wordComplaints(plantTree({}), [glossary, page('The front desk of a door.')])).toEqual([
      'docs/X.md: says "front desk" for "door"',
    ]);
  });

  it('of the glossary are used', () => {
    expect(wordComplaints(plantTree({}), [glossary])).toEqual(['docs/GLOSSARY.md: nobody says "door"']);
  });
});

describe('pages that programs write', () => {
  it('must be what would be written now', () => {
    const root = plantTree({ 'docs/A.md': 'old' });
    expect(generatedComplaint(root, 'docs/A.md', 'docs:a', 'old')).toEqual([]);
    expect(generatedComplaint(root, 'docs/A.md', 'docs:a', 'new')[0]).toContain('npm run docs:a');
  });

  it('list each decision by its title, and refuse one without', () => {
    const root = plantTree({ 'docs/decisions/0007-x.md': '# 0007: seats are counted\n' });
    expect(decisionsPage(root)).toContain('- [0007](0007-x.md): Seats are counted\n');
    expect(() => decisionsPage(plantTree({ 'docs/decisions/0008-y.md': 'y' }))).toThrow('has no title');
  });
});

describe('tables of pages', () => {
  const table = '| a | b |\n|---|---|\n| 1 | 2 |\n';

  it('pass when they are shown as they are meant', () => {
    expect(tableComplaints(page(`# X\n\n${table}\nText.\n`))).toEqual([]);
  });

  it.each([
    ['a row that stands alone', `${table}\n| 3 | 4 |\n`, /is a row of no table/],
    ['a rule of another width', '| a | b |\n|---|\n', /more or fewer cells/],
    ['text that becomes a row', `${table}Text.\n`, /becomes a row/],
  ])('%s is found', (_, text, complaint) => {
    expect(tableComplaints(page(text))).toEqual([expect.stringMatching(complaint)]);
  });
});
