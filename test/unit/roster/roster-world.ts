import { OnedoorError } from '../../../core/errors.ts';
import type { RosterItem } from '../../../core/ports.ts';
import { createRosterReader } from '../../../core/registry/roster-reader.ts';
import { planRoster, type WriterState } from '../../../core/registry/roster-writer.ts';
import type { ServerRow } from '../../../core/registry/row.ts';
import { fakeClock } from '../../support/fake-clock.ts';

/** A roster in the store: `write` makes a pass, of which `only` some items may arrive. */
export function rosterWorld() {
  const clock = fakeClock();
  const items = new Map<string, RosterItem>();
  const reads: string[] = [];
  let state: WriterState | undefined = planRoster(undefined, [], clock.monoMs()).state;
  let failing = false;
  const reader = createRosterReader({
    clock,
    async readRoster(name) {
      reads.push(name);
      if (failing) throw new OnedoorError('registry.unreachable');
      return items.get(name);
    },
  });
  return {
    clock,
    reader,
    reads,
    items,
    write(image: readonly ServerRow[], only: RegExp = /./, limits = {}) {
      const plan = planRoster(state, image, clock.monoMs(), limits);
      state = plan.state;
      for (const item of plan.items) if (only.test(item.name)) items.set(item.name, item);
      return plan.items;
    },
    restartWriter() {
      state = undefined;
    },
    fail(on: boolean) {
      failing = on;
    },
    /** A second later. */
    async refresh() {
      clock.advance(1_000);
      reads.length = 0;
      await reader.refresh();
    },
  };
}
