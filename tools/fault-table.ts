/**
 * Plays every client against every fault of the fake door and prints what each told: `npm run test:faults`. A client whose
 * tools are missing here has no column, and the tests say what is missing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readFaultTable } from './fake-door/table.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = join(ROOT, '.cache/faults');
const SUITES = [
  'test/sandbox/client-faults.test.ts',
  'test/sandbox/client-c.test.ts',
  'test/real/csharp.test.ts',
  'test/real/gdscript-session.test.ts',
];
/** As many events as tell how it ended; a client that is refused goes on asking. */
const SHOWN = 3;

rmSync(FOLDER, { recursive: true, force: true });
const only = ['-t', 'fake door|door that fails in every way'];
const { status } = spawnSync('vitest', ['run', ...SUITES, ...only], { cwd: ROOT, stdio: 'inherit' });
const clients = existsSync(FOLDER) ? readdirSync(FOLDER).map((file) => file.replace(/\.json$/, '')) : [];
const columns = clients.map((client) => JSON.parse(readFileSync(join(FOLDER, `${client}.json`), 'utf8')));
const cell = (events: readonly string[] = []): string => events.slice(0, SHOWN).join(', ') || 'nothing';
const rows = readFaultTable().faults.map(({ fault }) => [fault, ...columns.map((column) => cell(column[fault]))]);
const table = [['fault', ...clients], ...rows];
const widths = ['fault', ...clients].map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
for (const row of table)
  console.log(
    row
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
console.log(status === 0 ? 'every client told what it should' : 'a client told something else: see above');
process.exitCode = status ?? 1;
