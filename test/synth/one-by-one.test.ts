import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { stacks } from '../../examples/one-by-one/app.ts';
import { anApp, bundles } from './support/synth.ts';

const LIB = join(import.meta.dirname, '../../lib');

describe('each construct in somebody else’s stack', () => {
  const made = stacks(anApp(), bundles);

  it('is there', () => {
    const sources = globSync('*.ts', { cwd: LIB }).map((path) => readFileSync(join(LIB, path), 'utf8'));
    const classes = sources.flatMap((text) =>
      [...text.matchAll(/^export class (\w+) extends/gm)].map(([, name]) => name),
    );
    expect(Object.keys(made).sort()).toEqual(classes.sort());
  });

  it.each(Object.keys(made))('%s makes a template', (name) => {
    const { Resources } = Template.fromStack(made[name]!).toJSON();
    expect(Object.keys(Resources).length).toBeGreaterThan(0);
  });

  it('takes the registry alone as one table', () => {
    const types = Object.values(Template.fromStack(made['ServerRegistry']!).toJSON()['Resources'] as object);
    expect(types.map(({ Type }: { Type: string }) => Type)).toEqual(['AWS::DynamoDB::Table']);
  });
});
