import { READY, type RosterView } from './roster.ts';

/**
 * What will happen if the server at `at` drains, where it is the last of its pool that is given out; undefined: another
 * one is there. For people, before they do it.
 */
export function lastOfPool(view: RosterView, at: number): string | undefined {
  const { id, app, world, group } = view.entries[at]!.server;
  if (view.state[at] !== READY) return undefined;
  const others = view.entries.map((_, index) => index).filter((index) => index !== at && view.open[index] === 1);
  const inWorld = others.filter((index) => {
    const { server } = view.entries[index]!;
    return server.app === app && server.world === world;
  });
  if (inWorld.some((index) => view.entries[index]!.server.group === group)) return undefined;
  const free = inWorld.reduce((sum, index) => sum + view.free[index]!, 0);
  const sessions = view.sessions[at]!;
  const pool = `${app} / ${world} / ${group}`;
  const newcomers =
    inWorld.length > 0
      ? `New clients of this pool go to other groups (${count(inWorld.length, 'ready server')}, ${count(free, 'free seat')}).`
      : `New clients of ${app} / ${world} are refused (assign.no-capacity) until another server is ready.`;
  const players =
    sessions === 0
      ? 'Nobody plays there now.'
      : free >= sessions
        ? `There is room for all of its players (${sessions}).`
        : `Of its players (${sessions}) at most ${free} can move; the others stay until they end or the drain’s time is over.`;
  return `${id} is the last ready server of ${pool}. ${newcomers} ${players}`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
