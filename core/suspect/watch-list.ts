import { READY, type RosterEntry, type RosterView } from '../registry/roster.ts';
import { fnv1a64, type Hash64 } from '../select/hash.ts';
import { meeting, serverHashes } from '../select/server-hashes.ts';

/** Probers of one server: with two of them, the death of one leaves no server unwatched. */
const PROBERS_EACH = 2;

/**
 * The servers that `self` probes: of all that are ready, those for which it is among the two probers that
 * rendezvous hashing names. So each server costs two probes a period, however many probers there are, and one that comes
 * or goes moves no more than its share.
 * @param probers names of all that live, `self` among them or not
 */
export function watchList(view: RosterView, probers: readonly string[], self: string): readonly RosterEntry[] {
  const others = probers.filter((name) => name !== self);
  const hashes = serverHashes(view);
  const mine = keyOf(self);
  const theirs = others.map(keyOf);
  return view.entries.filter(({ server }, index) => {
    // One that is suspect, or beats no more, is watched on: that servers fail must not change the work, and it is given out
    // again when it answers.
    if (view.state[index] !== READY || server.ports['probe'] === undefined) return false;
    // Where agents probe each other, by the names of their machines: nobody sees itself from outside.
    const machine = server.id.slice(0, server.id.lastIndexOf('.'));
    if (machine === self) return false;
    const own = meeting(mine, hashes, index);
    let better = 0;
    for (let n = 0; n < theirs.length; n++) {
      if (meeting(theirs[n]!, hashes, index) > own && others[n] !== machine) better++;
    }
    return better < PROBERS_EACH;
  });
}

function keyOf(name: string): Hash64 {
  return fnv1a64(new TextEncoder().encode(name));
}
