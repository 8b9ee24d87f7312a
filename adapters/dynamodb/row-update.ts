import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { RowCommand } from '../../core/registry/commands.ts';
import type { MoveWish, Placement } from '../../core/registry/row.ts';
import { placementAttributes, ROW_FORMAT } from './row-item.ts';

/** Value of `kind` in every server row: hash key of the index `servers`, which no other item has. */
export const SERVER_KIND = 'srv';

/** The variable part of an UpdateItem or DeleteItem. */
export interface Conditional {
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
}

/*
 * The conditions of docs/SEATS.md section 1, each the clause of `conditionHolds` with the same meaning. `#x` stands for
 * the attribute x everywhere, since many of the names are reserved words.
 */
const AGENT_MADE_IT = 'attribute_exists(#gen)';
const NO_AGENT_YET = 'attribute_not_exists(#gen)';
const ENOUGH_FREE = '#free >= :k';
const READY = '#state = :ready';
const NOT_OURS_ALREADY = '#last <> :token';
const MOVED_ON = '#beat > :old';
const SAME_BEAT = '#beat = :beat';
const MINE = '#gen = :gen';
const STILL_AS_SEEN = '#gen = :seen';
const ENOUGH_TO_BURN = '#free >= :burn';
const BURIED = '#state = :gone';

const N = (value: number): AttributeValue => ({ N: String(value) });
const S = (value: string): AttributeValue => ({ S: value });

function conditional(
  update: string | undefined,
  conditions: readonly string[],
  values: Readonly<Record<string, AttributeValue>> = {},
): Conditional {
  const condition = conditions.join(' AND ');
  const names = `${update ?? ''} ${condition}`.matchAll(/#(\w+)/g);
  return {
    ...(update !== undefined && { UpdateExpression: update }),
    ...(condition !== '' && { ConditionExpression: condition }),
    ExpressionAttributeNames: Object.fromEntries([...names].map(([alias, name]) => [alias, name as string])),
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: { ...values } }),
  };
}

/** What the beginning of an agent's life says beside its seats: the format that it writes, and who it is. */
function lifeAttributes(version: string | undefined) {
  return {
    set: `, #v = :v${version === undefined ? '' : ', #version = :version'}`,
    values: { ':v': N(ROW_FORMAT), ...(version !== undefined && { ':version': S(version) }) },
  };
}

const FORGET = ' REMOVE #sees';

/** What a beat says of other servers, if that has changed; DynamoDB has no empty set. */
function wordsUpdate(sees: readonly string[] | undefined) {
  if (!sees) return { update: '', values: {} };
  return sees.length > 0
    ? { update: ', #sees = :sees', values: { ':sees': { SS: [...sees] } } }
    : { update: FORGET, values: {} };
}

/**
 * A command as ONE conditional update, so that two writers can never both act on what they read before:
 *
 *     assigner A   take 1 ─────────► free 1 -> 0, issued 7 -> 8         serial 8 is A's
 *     assigner B      take 1 ────────────► refused: free >= 1 fails     B learns free = 0, goes on elsewhere
 *     agent              beat 5, free + 1 ──────► lands on free 0 -> 1  (it read free 1; it ADDS, so A's take stays)
 *     agent                 beat 5 again (lost reply) ──► refused: beat is 6
 *
 * @param version of the agent, written where its life begins
 */
export function commandUpdate(command: RowCommand, version?: string): Conditional {
  const life = lifeAttributes(version);
  switch (command.kind) {
    case 'take': {
      const moved = command.beatAfter !== undefined;
      return conditional(
        'SET #free = #free - :k, #issued = #issued + :k, #last = :token',
        [ENOUGH_FREE, READY, NOT_OURS_ALREADY, ...(moved ? [MOVED_ON] : [])],
        {
          ':k': N(command.k),
          ':token': S(command.token),
          ':ready': S('ready'),
          ...(moved && { ':old': N(command.beatAfter) }),
        },
      );
    }
    case 'beat': {
      const burns = command.addFree < 0;
      const sees = wordsUpdate(command.sees);
      return conditional(
        `SET #free = #free + :d, #beat = :next, #hb = :hb, #sessions = :sessions, #capacity = :capacity, #state = :state${sees.update}`,
        [SAME_BEAT, MINE, ...(burns ? [ENOUGH_TO_BURN] : [])],
        {
          ':d': N(command.addFree),
          ':beat': N(command.beat),
          ':next': N(command.beat + 1),
          ':gen': S(command.gen),
          ':hb': N(command.hb),
          ':sessions': N(command.sessions),
          ':capacity': N(command.capacity),
          ':state': S(command.state),
          ...(burns && { ':burn': N(-command.addFree) }),
          ...sees.values,
        },
      );
    }
    case 'claim':
      return conditional(
        `SET #gen = :gen, #beat = #beat + :one${life.set}${command.forgets ? FORGET : ''}`,
        [STILL_AS_SEEN],
        {
          ...life.values,
          ':gen': S(command.gen),
          ':seen': S(command.seen),
          ':one': N(1),
        },
      );
    case 'create':
      return conditional(
        `SET #free = :zero, #issued = :now, #beat = :now, #gen = :gen, #last = :none, #capacity = :zero,
          #state = :starting, #hb = :now, #sessions = :zero, #kind = :kind${life.set}`,
        [NO_AGENT_YET],
        {
          ...life.values,
          ':zero': N(0),
          ':now': N(command.nowMs),
          ':gen': S(command.gen),
          ':none': S(''),
          ':starting': S('starting'),
          ':kind': S(SERVER_KIND),
        },
      );
  }
}

/** The registrar's write. `enrols`: the operator's, which may make the row; then it must enter the index too. */
export function placementUpdate(placement: Placement, enrols: boolean): Conditional {
  const attributes = Object.entries({
    ...placementAttributes(placement),
    ...(enrols && { kind: S(SERVER_KIND) }),
  });
  const set = attributes.filter(([, value]) => value !== undefined).map(([name]) => `#${name} = :${name}`);
  const remove = attributes.filter(([, value]) => value === undefined).map(([name]) => `#${name}`);
  return conditional(
    `SET ${set.join(', ')}${remove.length > 0 ? ` REMOVE ${remove.join(', ')}` : ''}`,
    enrols ? [] : [AGENT_MADE_IT],
    Object.fromEntries(attributes.flatMap(([name, value]) => (value === undefined ? [] : [[`:${name}`, value]]))),
  );
}

export function burialUpdate(): Conditional {
  return conditional('SET #state = :gone', [AGENT_MADE_IT], { ':gone': S('gone') });
}

export function suspicionUpdate(suspect: boolean): Conditional {
  return conditional('SET #suspect = :suspect', [AGENT_MADE_IT], { ':suspect': { BOOL: suspect } });
}

export function drainUpdate(drain: boolean): Conditional {
  return drain
    ? conditional('SET #drain = :drain', [AGENT_MADE_IT], { ':drain': { BOOL: true } })
    : conditional('REMOVE #drain', [AGENT_MADE_IT]);
}

export function moveUpdate({ count, beat }: MoveWish): Conditional {
  return conditional('SET #move = :move', [AGENT_MADE_IT], { ':move': { M: { count: N(count), beat: N(beat) } } });
}

export function forgetCondition(beat: number): Conditional {
  return conditional(undefined, [BURIED, SAME_BEAT], { ':gone': S('gone'), ':beat': N(beat) });
}
