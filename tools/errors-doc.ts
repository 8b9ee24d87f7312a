/** Writes docs/ERRORS.md from the one table of codes: `npm run docs:errors`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeInfo, ERROR_CODES, type ErrorCode } from '../core/errors.ts';

/** What the first part of a code says about where it comes from, in the order of the page. */
const AREAS: Readonly<Record<string, string>> = {
  assign: 'From the door: no server can be given.',
  door: 'From a gateway: the client must change its pace, or show that it can receive.',
  wire: 'From whoever answers a probe request.',
  http: 'From the HTTP interfaces of door and agent.',
  ticket: 'From an agent: the ticket does not admit this client here.',
  agent: 'From an agent: it cannot admit anybody, or knows no such session.',
  client: 'From the SDK itself.',
  page: 'From the page for operators.',
  registry: 'In the logs of the door and of the functions: DynamoDB.',
  ec2: 'In the logs of the registrar: EC2.',
  secret: 'In the logs of the door: the signing secret.',
  load: 'In the logs of an agent: the game’s load.',
  config: 'At start, on the standard error output and in the log.',
};

const HEAD = `# Errors

*For everybody who meets a code: what it means, and what to do.*

Every refusal and failure has a code. It is the \`code\` of a problem document (RFC 9457), the name in option 0xE0 of the probe
protocol (the part behind the point, with the number in the column "wire"), the field \`code\` of a log line and the label of a
metric. A code is never renamed, only retired.

This page is made from \`core/errors.ts\`; \`npm run docs:errors\` writes it anew.
`;

/** The whole page. Throws if a code belongs to no area. */
export function errorsPage(): string {
  const codes = Object.keys(ERROR_CODES) as ErrorCode[];
  const areas = new Set(codes.map((code) => code.slice(0, code.indexOf('.'))));
  const strange = [...areas].filter((area) => !(area in AREAS));
  if (strange.length > 0) throw new Error(`tools/errors-doc.ts must describe the area ${strange.join(', ')}`);
  const sections = Object.entries(AREAS)
    .filter(([area]) => areas.has(area))
    .map(([area, origin]) =>
      section(
        area,
        origin,
        codes.filter((code) => code.startsWith(`${area}.`)),
      ),
    );
  return [HEAD, ...sections].join('\n');
}

function section(area: string, origin: string, codes: readonly ErrorCode[]): string {
  const rows = codes.map((code) => {
    const { http, wire, means, remedy } = codeInfo(code);
    return `| \`${code}\` | ${http} | ${wire ?? ''} | ${cell(means)} | ${cell(remedy)} |\n`;
  });
  const head = '| code | HTTP | wire | means | what to do |\n|---|---|---|---|---|\n';
  return `## ${area}\n\n${origin}\n\n${head}${rows.join('')}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

if (import.meta.main) writeFileSync(join(import.meta.dirname, '../docs/ERRORS.md'), errorsPage());
