/**
 * While the roster stands still, a take must find a later beat than one that this assigner saw 15 s ago by its own
 * clock: a server that has died since is not given out for ever (docs/SEATS.md, "Take").
 */
export interface SecondLook {
  /** A row with this beat came back for server `id`; `rosterBeat` is what the standing roster shows. */
  saw(id: string, beat: number, rosterBeat: number, nowMs: number): void;
  /** The beat that server `id` must have passed. */
  beatAfter(id: string, rosterBeat: number, nowMs: number): number;
  /** The roster moves again. */
  forget(): void;
}

/** Three beats, as for the roster: one lost beat does not hide a healthy server. */
const LOOK_MS = 15_000;

interface Look {
  readonly old: number;
  readonly recent: number;
  readonly recentAtMs: number;
}

export function createSecondLook(): SecondLook {
  const looks = new Map<string, Look>();
  return {
    saw(id, beat, rosterBeat, nowMs) {
      const look = looks.get(id);
      if (look && nowMs - look.recentAtMs < LOOK_MS) return;
      looks.set(id, { old: look?.recent ?? rosterBeat, recent: beat, recentAtMs: nowMs });
    },
    beatAfter(id, rosterBeat, nowMs) {
      const look = looks.get(id);
      if (!look) return rosterBeat;
      return nowMs - look.recentAtMs < LOOK_MS ? look.old : look.recent;
    },
    forget() {
      looks.clear();
    },
  };
}
