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
