import { MAX_PORTS } from './limits.ts';

/** Roles of the ports option; 4..15 are reserved, 16 and above belong to the app. */
export const PORT_ROLE = { game: 0, probe: 1, lobby: 2, voice: 3 } as const;

export interface ServerPort {
  readonly role: number;
  readonly port: number;
}

/** The port of a role; the first wins if a role is named twice. */
export function portOf(ports: readonly ServerPort[], role: number): number | undefined {
  return ports.find((entry) => entry.role === role)?.port;
}

/**
 * Ports by role name as the ports option carries them: the named roles, and the app's own, whose names are their
 * numbers ("16".."255"). Other names have no number and travel over HTTP alone.
 */
export function namedPorts(ports: Readonly<Record<string, number>>): ServerPort[] {
  const named: ServerPort[] = [];
  for (const [name, port] of Object.entries(ports)) {
    const role = Object.hasOwn(PORT_ROLE, name) ? PORT_ROLE[name as keyof typeof PORT_ROLE] : Number(name);
    if (Number.isInteger(role) && role >= 0 && role <= 255 && named.length < MAX_PORTS) named.push({ role, port });
  }
  return named;
}
