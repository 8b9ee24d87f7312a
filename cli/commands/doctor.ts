import { UsageError } from '../../adapters/cli/flags.ts';
import type { Context, Run } from '../context.ts';
import { checkAccount } from '../doctor/account.ts';
import { bad, type Finding, skip } from '../doctor/check.ts';
import { checkApi, checkDoor, checkRegistry } from '../doctor/deployment.ts';
import { checkConfig, checkNode, checkPorts } from '../doctor/here.ts';
import type { TargetFlags } from '../target.ts';

const MARK = { ok: 'ok  ', warn: 'warn', bad: 'BAD ', skip: '-   ' } as const;

/** Looks at everything that can be wrong, and says what to do. 1 if anything is bad. */
export const run: Run<TargetFlags> = async (context, flags) => {
  const { out } = context;
  const findings: Finding[] = [];
  const tell = (found: Finding | readonly Finding[]): void => {
    for (const finding of [found].flat() as readonly Finding[]) {
      findings.push(finding);
      out.line(`${MARK[finding.state]} ${finding.about}: ${finding.says}`);
      if (finding.remedy !== undefined) out.line(`     -> ${finding.remedy}`);
    }
  };
  tell(checkNode());
  const { finding, config } = await checkConfig();
  tell(finding);
  const target = await found(context, flags, tell);
  if (target?.kind === 'local') tell(skip('credentials', 'the local system needs none'));
  else tell(await checkAccount(config));
  if (target) for (const check of [checkDoor, checkApi, checkRegistry]) tell(await check(target));
  if (target?.kind !== 'local') tell(await checkPorts());
  const wrong = findings.filter(({ state }) => state === 'bad').length;
  const doubtful = findings.filter(({ state }) => state === 'warn').length;
  out.line();
  out.line(wrong + doubtful === 0 ? 'nothing is wrong' : `${wrong} bad, ${doubtful} doubtful`);
  out.data({ bad: wrong, warn: doubtful, findings });
  return wrong === 0 ? 0 : 1;
};

async function found(context: Context, flags: TargetFlags, tell: (finding: Finding) => void) {
  try {
    const target = await context.target(flags);
    tell({ about: 'deployment', state: 'ok', says: target.name });
    return target;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    tell(bad('deployment', error.message, 'docs/DEPLOY.md'));
    return undefined;
  }
}
