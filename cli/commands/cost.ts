import { parseDeployConfig } from '../../core/config/parse-deploy-config.ts';
import { idleInput } from '../../core/cost/deployment-cost.ts';
import { type CostPart, HOURS_A_MONTH, monthlyParts, sumOf } from '../../core/cost/model.ts';
import { PRICES_DATE, PRICES_REGION } from '../../core/cost/prices.ts';
import { scaleInput } from '../../core/cost/scale.ts';
import type { Run } from '../context.ts';
import { type Column, tableLines } from '../output.ts';

export interface CostFlags {
  /** Players who play all day; absent: the configuration while nobody plays. */
  readonly players?: number;
  readonly overHttp?: true;
}

const COLUMNS: readonly Column<CostPart>[] = [
  { head: 'part', cell: ({ name }) => name },
  { head: '$ a day', cell: ({ usdMonth }) => (usdMonth * 24) / HOURS_A_MONTH, digits: 2 },
  { head: '$ a month', cell: ({ usdMonth }) => usdMonth, digits: 2 },
];

/** What onedoor.config.ts costs while nobody plays, or a deployment of so many players. */
export const run: Run<CostFlags> = async ({ out }, { players, overHttp }) => {
  const { config } = await import('../../onedoor.config.ts');
  const input = players === undefined ? idleInput(parseDeployConfig(config)) : scaleInput(players, overHttp ? 1 : 0);
  const parts = monthlyParts(input);
  const all: CostPart = { name: 'all', usdMonth: sumOf(parts), isFleet: false, isPartial: false };
  for (const line of tableLines([...parts, all], COLUMNS)) out.line(line);
  out.line(
    `An estimate by list prices of ${PRICES_REGION} on ${PRICES_DATE}; data out and taxes come on top (docs/COST.md).`,
  );
  out.data({ region: PRICES_REGION, date: PRICES_DATE, parts, usdMonth: all.usdMonth });
  return 0;
};
