/** Writes docs/decisions/README.md, the list of all decisions: `npm run docs:decisions`. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const HEAD = `# Decisions

For contributors, and for whoever wonders why something is as it is. Each page says what was decided, why, and what it costs. A new
one takes the next free number; \`npm run docs:decisions\` writes this list.

`;

/** The list; throws with all pages that do not begin with a title. */
export function decisionsPage(root: string): string {
  const files = globSync('docs/decisions/[0-9]*.md', { cwd: root }).sort();
  const lines = files.map((file) => {
    const [, title] = /^# (?:\d{4}: )?(\S.*)$/m.exec(readFileSync(join(root, file), 'utf8')) ?? [];
    if (title === undefined) throw new Error(`${file} has no title`);
    const name = file.replace('docs/decisions/', '');
    return `- [${name.slice(0, 4)}](${name}): ${title.slice(0, 1).toUpperCase()}${title.slice(1)}\n`;
  });
  return HEAD + lines.join('');
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..');
  writeFileSync(join(root, 'docs/decisions/README.md'), decisionsPage(root));
}
