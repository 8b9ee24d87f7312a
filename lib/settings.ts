import type { RuntimeSettings } from '../core/config/deploy-config.ts';

/** What programs are told at their start beside the address of the door; see core/config/runtime-config.ts. */
export type Settings = RuntimeSettings & {
  readonly deployment?: string;
  readonly defaultApp?: string;
  readonly probePort?: number;
};

/**
 * ONEDOOR_CONFIG of a deployment. The address may be a token: it needs no escape in JSON. Single quotes do, since the
 * text stands between such in an environment file.
 */
export function settingsText(settings: Settings, serviceAddress: string): string {
  return JSON.stringify({ ...settings, serviceAddress }).replaceAll("'", '\\u0027');
}
