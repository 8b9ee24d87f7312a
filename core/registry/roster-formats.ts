import type { AgentStore, RosterItem } from '../ports.ts';
import { dynamicName, INDEX_NAME, ROSTER_FORMAT, staticName } from './roster-codec.ts';
import { STATIC_START } from './roster-static.ts';

const DYNAMIC = dynamicName(0).charAt(0);
const STATIC = staticName(0).charAt(0);

/** Whether this version can read a roster item, by its first bytes alone. Items of unknown names are left to others. */
function isKnownFormat({ name, body }: RosterItem): boolean {
  if (name === INDEX_NAME || name.startsWith(DYNAMIC)) return body[0] === ROSTER_FORMAT;
  if (!name.startsWith(STATIC)) return true;
  return new TextDecoder().decode(body.subarray(0, STATIC_START.length)) === STATIC_START;
}

/**
 * The store without roster items of formats that this version does not know: they are as if they were not there, so that
 * the last roster that could be read goes on and grows old. `onUnknown` is told once, until that item can be read again.
 */
export function withKnownRosters<S extends Pick<AgentStore, 'readRoster'>>(
  store: S,
  onUnknown: (item: { readonly key: string; readonly problem: string }) => void,
): S {
  const unknown = new Set<string>();
  return {
    ...store,
    async readRoster(name: string) {
      const item = await store.readRoster(name);
      if (!item || isKnownFormat(item)) {
        unknown.delete(name);
        return item;
      }
      if (!unknown.has(name)) onUnknown({ key: name, problem: '`body` must be of a format that this version knows' });
      unknown.add(name);
      return undefined;
    },
  };
}
