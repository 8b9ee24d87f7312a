/**
 * Asks the registry for known faults of the installed packages: `npm run audit`. 0: none, or the registry has no such service,
 * which is said; 1: there are some. Nothing of a package is at run time but what the bundles hold (docs/DEPENDENCIES.md).
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

interface Report {
  readonly error?: { readonly code?: string; readonly summary?: string };
  readonly message?: string;
  readonly metadata?: { readonly vulnerabilities: Readonly<Record<string, number>> };
}

const { stdout, stderr } = spawnSync('npm', ['audit', '--json'], {
  cwd: join(import.meta.dirname, '..'),
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
  timeout: 60_000,
});
let report: Report = {};
try {
  report = JSON.parse(stdout) as Report;
} catch {
  report = { message: stderr };
}
const found = report.metadata?.vulnerabilities;
if (!found) {
  console.log(`skipped: the registry does not answer audits (${report.error?.code ?? report.message?.split('\n')[0]})`);
} else {
  const total = found['total'] ?? 0;
  console.log(`${total} known faults${total > 0 ? `: ${JSON.stringify(found)}` : ''}`);
  if (total > 0) {
    console.log(stdout);
    process.exitCode = 1;
  }
}
