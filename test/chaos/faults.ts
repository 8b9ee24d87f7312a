import type { Rng } from '../../core/ports.ts';
import type { ChaosSystem, Machine, Part } from './system.ts';
import type { Weather, Wire } from './wires.ts';

/** One thing that goes wrong for a while. */
export interface Fault {
  readonly name: string;
  readonly lastsMs: number;
  /** Addresses of servers whose clients may notice. */
  readonly hurts: readonly string[];
  begin(): void;
  end(): void;
}

const RESTART_MS = [300, 2_500] as const;
const STOP_MS = [300, 5_000] as const;
const WIRE_MS = [1_000, 6_000] as const;
const HOUR_MS = 3_600_000;
/** Ahead of its agents by less than the leeway of tickets. */
const SMALL_SKEW_MS = 3_000;

/** Draws what happens next; the same seed gives the same list. */
export function createFaults(system: ChaosSystem, rng: Rng): () => Fault {
  const between = ([least, most]: readonly [number, number]): number =>
    Math.round(least + rng.float() * (most - least));
  const any = <T>(list: readonly T[]): T => list[Math.floor(rng.float() * list.length)]!;

  const kill = (parts: readonly Part[], hurts: readonly string[], what: string): Fault => ({
    name: `kill ${what}`,
    lastsMs: between(RESTART_MS),
    hurts,
    begin: () => {
      for (const part of parts) part.kill();
    },
    end: () => {
      for (const part of parts) part.start();
    },
  });
  const stop = (parts: readonly Part[], hurts: readonly string[], what: string): Fault => ({
    name: `stop ${what}`,
    lastsMs: between(STOP_MS),
    hurts,
    begin: () => {
      for (const part of parts) part.stop();
    },
    end: () => {
      for (const part of parts) part.go();
    },
  });
  const storm = (wires: readonly Wire[], weather: Partial<Weather>, hurts: readonly string[], name: string): Fault => {
    const before = wires.map((wire) => wire.weather);
    return {
      name,
      lastsMs: between(WIRE_MS),
      hurts,
      begin: () => {
        wires.forEach((wire, n) => {
          before[n] = wire.weather;
          wire.weather = { ...wire.weather, ...weather };
        });
      },
      end: () => {
        wires.forEach((wire, n) => {
          wire.weather = before[n]!;
        });
      },
    };
  };
  const skew = (part: Part, ms: number): Fault => ({
    name: `clock of ${part.name} off by ${(ms / 1_000).toFixed(0)} s`,
    lastsMs: between(WIRE_MS),
    hurts: [],
    begin: () => part.skew(ms),
    end: () => part.skew(0),
  });
  const both = ({ agent, game }: Machine) => [agent, game];
  const gatewayPart = (): Part => any(system.gateways).part;
  const control = (): Part => (rng.float() < 0.5 ? gatewayPart() : system.functions);
  const registryWires = (): Wire[] => system.parts().flatMap(({ registry }) => registry ?? []);
  const onMachine = (make: (machine: Machine) => Fault) => (): Fault => make(any(system.machines));

  const kinds: readonly (() => Fault)[] = [
    onMachine((machine) => kill(both(machine), [machine.address], `machine ${machine.index}`)),
    onMachine(({ agent }) => kill([agent], [], agent.name)),
    onMachine(({ game, address }) => kill([game], [address], game.name)),
    onMachine((machine) => stop(both(machine), [machine.address], `machine ${machine.index}`)),
    onMachine(({ agent }) => stop([agent], [], agent.name)),
    () => {
      const part = control();
      return kill([part], [], part.name);
    },
    () => {
      const part = control();
      return stop([part], [], part.name);
    },
    onMachine(({ agent }) => storm([agent.registry!], { isCut: true }, [], `cut ${agent.name} - registry`)),
    () => {
      const part = control();
      return storm([part.registry!], { isCut: true }, [], `cut ${part.name} - registry`);
    },
    () => storm(registryWires(), { isCut: true }, [], 'cut everybody - registry'),
    () => storm(registryWires(), { delayMs: between([50, 300]) }, [], 'delay everybody - registry'),
    onMachine(({ wires, address, index }) =>
      storm(wires, { isCut: true }, [address], `cut clients - machine ${index}`),
    ),
    onMachine(({ wires, address, index }) => {
      const weather = { lossPct: between([5, 30]), duplicatePct: between([0, 30]), delayMs: between([5, 120]) };
      return storm(wires, weather, [address], `lose, double and delay clients - machine ${index}`);
    }),
    () => {
      const { wires, part } = any(system.gateways);
      return storm(
        wires,
        { lossPct: between([10, 60]), duplicatePct: between([0, 50]) },
        [],
        `lose clients - ${part.name}`,
      );
    },
    () => {
      const { wires, part } = any(system.gateways);
      return storm(wires, { isCut: true }, [], `cut clients - ${part.name}`);
    },
    onMachine(({ agent }) => skew(agent, between([1_000, HOUR_MS]))),
    () => skew(control(), rng.float() < 0.5 ? -between([1_000, HOUR_MS]) : between([0, SMALL_SKEW_MS])),
  ];
  return () => any(kinds)();
}
