import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeName, ERROR_CODES, type ErrorCode } from '../../../core/errors.ts';
import { DROP_REASONS } from '../../../core/wire/drop-reasons.ts';
import * as limits from '../../../core/wire/limits.ts';
import { OPTION, OPTION_RULES } from '../../../core/wire/option-table.ts';
import { WIRE_ERRORS, wireErrorName } from '../../../core/wire/wire-errors.ts';
import { readVectors } from '../../support/wire-vectors.ts';

const DOCUMENT = readFileSync(join(import.meta.dirname, '../../../docs/PROTOCOL.md'), 'utf8');

/** The text under a heading up to the next one. */
function section(title: string): string {
  const start = DOCUMENT.search(new RegExp(`^#+ ${title}$`, 'm'));
  expect(start, `heading "${title}"`).toBeGreaterThanOrEqual(0);
  const body = DOCUMENT.slice(DOCUMENT.indexOf('\n', start));
  const end = body.search(/^#/m);
  return end < 0 ? body : body.slice(0, end);
}

/** Cells of the rows of the one table in a text, without its two head lines. */
function rows(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

function sizeText(min: number, max: number): string {
  return min === max ? String(min) : `${min}..${max}`;
}

/** `otherAddress` is `other-address` in prose. */
function proseName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

describe('docs/PROTOCOL.md', () => {
  it('lists the reasons for dropping a packet in the order and with the numbers of the code', () => {
    const items = [...section('Reading a packet, in this exact order').matchAll(/^(\d+)\. `([a-z0-9-]+)`/gm)];
    expect(items.map(([, number, reason]) => [Number(number), reason])).toEqual(
      DROP_REASONS.map((reason, index) => [index + 1, reason]),
    );
  });

  it('has every option with the code, direction and size of the code', () => {
    const listed = rows(section('Options')).map(([code, name, direction, size]) => [code, name, direction, size]);
    const known = Object.entries(OPTION).map(([name, code]) => {
      const rule = OPTION_RULES[code]!;
      const hex = `0x${code.toString(16).toUpperCase().padStart(2, '0')}`;
      return [hex, proseName(name), rule.in, sizeText(rule.min, rule.max)];
    });
    expect(listed).toEqual(known);
  });

  it('has every limit with the value of the code', () => {
    const listed = rows(section('9. Limits')).map(([name, value]) => [name!.replaceAll('`', ''), Number(value)]);
    const known = Object.entries(limits).filter(([name]) => name !== 'PROBE_TYPE');
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(known));
    expect(section('9. Limits')).toContain(`0x${limits.PROBE_TYPE.toString(16).toUpperCase()}`);
  });

  it('has every error code with the name of the code', () => {
    const listed = rows(section('Error codes')).map(([code, name]) => [Number(code), name]);
    expect(listed).toEqual(Object.entries(WIRE_ERRORS).map(([code, name]) => [Number(code), name]));
  });

  it('shows examples that are golden vectors', () => {
    const known = ['classic', 'requests', 'responses'].flatMap((file) =>
      readVectors<{ vectors: { hex: string | null }[] }>(file).vectors.map(({ hex }) => hex),
    );
    // Two spaces start a remark.
    const examples = [...section('10. Examples').matchAll(/```hex\n([\s\S]*?)```/g)].map(([, block]) =>
      block!
        .split('\n')
        .map((line) => line.split('  ')[0]!.replaceAll(' ', ''))
        .join(''),
    );
    expect(examples.length).toBe(7);
    for (const example of examples) expect(known).toContain(example);
  });

  it('lists every file of vectors', () => {
    const listed = [...section('11. Vectors and later versions').matchAll(/^\| `([a-z]+)\.json`/gm)].map(
      ([, name]) => name,
    );
    expect(listed).toEqual(['addresses', 'classic', 'requests', 'responses', 'malformed', 'framing', 'select']);
  });
});

describe('error numbers', () => {
  it('are those of the table of all codes, by the last part of the name', () => {
    const numbered = Object.entries(ERROR_CODES).flatMap(([code, info]) =>
      'wire' in info ? [[String(info.wire), codeName(code as ErrorCode)]] : [],
    );
    expect(Object.fromEntries(numbered)).toEqual(WIRE_ERRORS);
  });

  it('have a name, or none if a later version sends them', () => {
    expect(wireErrorName(1)).toBe('no-capacity');
    expect(wireErrorName(10)).toBeUndefined();
    expect(wireErrorName(0)).toBeUndefined();
  });
});
