import { MAX_PORTS } from './limits.ts';

/** Roles of the ports option; 4..15 are reserved, 16 and above belong to the app. */
export const PORT_ROLE = { game: 0, probe: 1, lobby: 2, voice: 3 } as const;

export interface ServerPort {
  readonly role: number;
  readonly port: number;
}

/** The app's own roles as names: decimal without leading zeroes, since Number('') and Number('0x10') are numbers too. */
const OWN_ROLE = /^(1[6-9]|[2-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])$/;

/**
 * Ports by role name as the ports option carries them: the named roles, and the app's own, whose names are their
 * numbers ("16".."255"). Other names have no number and travel over HTTP alone.
 */
export function namedPorts(ports: Readonly<Record<string, number>>): ServerPort[] {
  const named: ServerPort[] = [];
  for (const [name, port] of Object.entries(ports)) {
    const role = roleOf(name);
    if (role !== undefined && named.length < MAX_PORTS) named.push({ role, port });
  }
  return named;
}

function roleOf(name: string): number | undefined {
  if (Object.hasOwn(PORT_ROLE, name)) return PORT_ROLE[name as keyof typeof PORT_ROLE];
  return OWN_ROLE.test(name) ? Number(name) : undefined;
}
