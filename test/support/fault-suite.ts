import { expect } from 'vitest';
import { type FakeDoor, startFakeDoor } from '../../tools/fake-door/fake-door.ts';
import { type ExpectedEvent, type Fault, readFaultTable } from '../../tools/fake-door/table.ts';
import { keepFaultColumn } from './fault-column.ts';
import { freePorts } from './free-ports.ts';

/** An event as a client's program tells it. */
export interface ToldEvent extends ExpectedEvent {
  readonly retryInMs?: number;
}

/** One game for a client's program to play: how many events to wait for, and how long to listen after them. */
export interface FaultGame {
  readonly port: number;
  readonly wanted: number;
  readonly lingerMs: number;
}

/** Plays the games, all at once, and gives what was told, of each by its place. */
export type PlayFaults = (games: readonly FaultGame[]) => Promise<readonly (readonly ToldEvent[])[]>;

function wantedOf({ expect: usual, withoutHttp }: Fault, http: boolean): readonly ExpectedEvent[] {
  return http ? usual : (withoutHttp ?? usual);
}

/** The expected events come first and in order; after them others may come, unless the table has a `never`. */
function isRight(fault: Fault, http: boolean, events: readonly ToldEvent[]): boolean {
  const wanted = wantedOf(fault, http);
  if (events.length < wanted.length || (fault.never && events.length > wanted.length)) return false;
  return wanted.every(({ maxRetryInMs: _, ...fields }, index) =>
    Object.entries(fields).every(([name, value]) => events[index]?.[name as keyof ToldEvent] === value),
  );
}

/** What a program printed about the game at `port`: `port event server via reason code retryInMs`, `-` for none. */
export function eventsAt(lines: readonly string[], port: number): ToldEvent[] {
  return lines
    .filter((line) => line.startsWith(`${port} `))
    .map((line) => {
      const words = line.split(' ').map((word) => (word === '-' ? undefined : word));
      const [, event, server, via, reason, code, retryInMs] = words;
      return { event, server, via, reason, code, retryInMs: Number(retryInMs) } as ToldEvent;
    });
}

/** The games as arguments of a program. */
export function gameArguments(games: readonly FaultGame[]): string[] {
  return games.map(({ port, wanted, lingerMs }) => `${port}:${wanted}:${lingerMs}`);
}

/** A fake door on ports of its own, for as long as `use` takes. */
export async function withFakeDoor(use: (door: FakeDoor) => Promise<void>): Promise<void> {
  const door = await startFakeDoor({ basePort: await freePorts(readFaultTable().ports) });
  try {
    await use(door);
  } finally {
    await door.close();
  }
}

/**
 * Expects of a client what a right one tells at every fault, and keeps its column of the table.
 * @param again plays what came out wrong once more, by itself
 */
export async function expectRightAtFaults(
  client: string,
  door: FakeDoor,
  play: PlayFaults,
  { http = false, again = false } = {},
): Promise<void> {
  const { faults } = readFaultTable();
  const gameOf = (fault: Fault): FaultGame => ({
    port: door.port(fault.fault),
    wanted: wantedOf(fault, http).length,
    lingerMs: fault.never ? fault.withinMs : 0,
  });
  const played = await play(faults.map(gameOf));
  const told: { fault: string; events: readonly ToldEvent[] }[] = [];
  for (const [index, fault] of faults.entries()) {
    let events = played[index] ?? [];
    if (again && !isRight(fault, http, events)) {
      console.log(`${fault.fault} is played again, it told: ${JSON.stringify(events)}`);
      [events = []] = await play([gameOf(fault)]);
    }
    told.push({ fault: fault.fault, events });
  }

  keepFaultColumn(client, told);
  expect(told.filter(({ events }, index) => !isRight(faults[index] as Fault, http, events))).toEqual([]);
  expect(told.find(({ fault }) => fault === 'long-wait')?.events[0]?.retryInMs).toBeLessThanOrEqual(330_000);
  expect(door.count('i-wrong.0')).toBe(0);
}
