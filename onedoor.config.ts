import type { DeployInput } from './core/config/deploy-config.ts';

/**
 * What `npm run synth` and `npm run cdk` deploy. Every field, its default and the price of turning it:
 * core/config/deploy-config.ts and core/config/fleet-config.ts.
 */
export const config: DeployInput = {
  deployment: 'onedoor',
};
