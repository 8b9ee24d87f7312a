import type { Assigner } from '../core/assign/assigner.ts';
import type { AssignOutcome, AssignRequest } from '../core/assign/types.ts';

/** What came of a request, and the server that its client had lost, if it named one. */
export type OnOutcome = (request: AssignRequest, outcome: AssignOutcome) => void;

/** The same assigner, somebody told of each outcome. */
export function toldAssigner(assigner: Assigner, onOutcome: OnOutcome): Pick<Assigner, 'assign'> {
  return {
    async assign(request) {
      const outcome = await assigner.assign(request);
      onOutcome(request, outcome);
      return outcome;
    },
  };
}
