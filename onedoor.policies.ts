import type { OwnPolicies } from './core/select/policy.ts';

/**
 * Policies of your own, by the words that `runtime.policy` in onedoor.config.ts may use: `'own:quiet': () => quiet()`.
 * They are built into gateways and functions. docs/DOORS.md, "A policy of your own"; examples/custom-policy has one.
 */
export const policies: OwnPolicies = {};
