/** The first port of each use; a use that is not wanted is undefined. */
export interface AgentPorts {
  readonly probePort: number;
  readonly apiPort: number;
  readonly lobbyPort?: number | undefined;
  readonly agonesPort?: number | undefined;
  readonly door?: { readonly port: number; readonly healthPort: number } | undefined;
}

interface Use {
  readonly name: string;
  readonly first: number;
  readonly count: number;
}

/** What is wrong with the ports of a machine: each slot has its own, those of the door are once, and no two uses may meet. */
export function portProblems({ door, ...ports }: AgentPorts, slots: number): string[] {
  const { probePort, apiPort, lobbyPort, agonesPort } = ports;
  const count = Math.max(1, slots);
  const ofSlots = usesOf(
    { 'probe-port': probePort, 'api-port': apiPort, 'lobby-port': lobbyPort, 'agones-port': agonesPort },
    count,
  );
  const ofDoor = usesOf({ 'door-port': door?.port, 'door-health-port': door?.healthPort }, 1);
  const high = ofSlots.filter(({ first }) => first + count - 1 > 65_535);
  return [
    ...high.map(({ name, first }) => `\`--${name}\` must leave room for ${slots} slots up to 65535, got: ${first}.`),
    ...pairs(ofSlots, (n) => ofSlots.slice(n + 1)).map(
      ([one, other]) => `\`--${other.name}\` must be ${slots} ports away from --${one.name}, got: ${other.first}.`,
    ),
    ...pairs(ofSlots, () => ofDoor).map(
      ([range, own]) =>
        `\`--${own.name}\` must be none of the ${slots} ports from --${range.name} on, got: ${own.first}.`,
    ),
  ];
}

function usesOf(ports: Readonly<Record<string, number | undefined>>, count: number): Use[] {
  return Object.entries(ports).flatMap(([name, first]) => (first === undefined ? [] : [{ name, first, count }]));
}

/** Each of `uses` with each of `others` that it shares a port with. */
function pairs(uses: readonly Use[], others: (at: number) => readonly Use[]): [Use, Use][] {
  return uses.flatMap((one, at) =>
    others(at).flatMap((other): [Use, Use][] =>
      one.first < other.first + other.count && other.first < one.first + one.count ? [[one, other]] : [],
    ),
  );
}
