import type { MoveWish, ServerRow } from '../core/registry/row.ts';
import type { Moving } from './moving.ts';

/** What an operator can write into the row for its agent to obey (docs/OPERATIONS.md). */
export type OperatorWishes = Pick<ServerRow, 'drain' | 'move'>;

/** Obeys them: `drain` as long as it stands there, each `move` once. */
export class WishDesk {
  readonly #moving: Pick<Moving, 'begin' | 'end' | 'sendOff'>;
  readonly #onMove: (wish: MoveWish) => void;
  /** The beat of the last move that was obeyed. */
  #movedAt = -1;

  constructor(moving: Pick<Moving, 'begin' | 'end' | 'sendOff'>, onMove: (wish: MoveWish) => void) {
    this.#moving = moving;
    this.#onMove = onMove;
  }

  /** @param since the beat of this life's claim: what was asked for before, another life has obeyed, or nobody will */
  obey({ wanted: { drain, move }, since }: { readonly wanted: OperatorWishes; readonly since: number }): void {
    if (drain) this.#moving.begin('operator');
    else this.#moving.end('operator');
    if (!move || move.beat < since || move.beat <= this.#movedAt) return;
    this.#movedAt = move.beat;
    this.#moving.sendOff(move.count);
    this.#onMove(move);
  }
}
