import type { SeatTiming } from '../../core/registry/timing.ts';
import type { ListedServer } from '../support/build-view.ts';

/** Where an assigner is in the middle of its work when its process is killed. */
export const STEPS = ['before-send', 'sent', 'replied', 'before-answer'] as const;
export type Step = (typeof STEPS)[number];

export interface Fault {
  /** Kills the process at this step of its take (of its answer) number `at`, from 1. */
  readonly kill?: { readonly step: Step; readonly at: number };
  /** Part of the takes, 0 to 1, whose connection is cut, at either place in turn. */
  readonly cutShare?: number;
}

/** Faults to plant, to see that each invariant is watched. The last one is an agent's, the others an assigner's. */
export const PLANTS = ['no-condition', 'same-serial', 'full-unread', 'never-expires'] as const;
export type Plant = (typeof PLANTS)[number];

/** A burst as an assigner process has to know it. */
export interface OpenOrder {
  readonly kind: 'open';
  readonly burst: number;
  readonly endpoint: string;
  readonly table: string;
  readonly roster: readonly ListedServer[];
  readonly timing: SeatTiming;
  /** As a gateway does, and a busy function: take ahead of clients. */
  readonly stock: boolean;
  readonly seed: number;
  readonly fault?: Fault;
  readonly plant?: Plant;
}

export interface AssignOrder {
  readonly kind: 'assign';
  readonly ask: number;
  readonly burst: number;
  readonly client: string;
}

export type Order = OpenOrder | AssignOrder | { readonly kind: 'close'; readonly burst: number };

export type Answer =
  | { readonly ok: true; readonly server: string; readonly gen: string; readonly serial: number }
  | { readonly ok: false; readonly code: string; readonly retryAfterMs: number };

/** What became of the work of one assigner in a burst. */
export interface Ledger {
  /** Connections cut. */
  readonly cuts: number;
  /** Seats that it won and gave to nobody: they lay in stock. */
  readonly kept: number;
  /** Seats that it may have won beside: a request was not answered, too late, or sent twice. */
  readonly doubtful: number;
}

/** What the process of an assigner says. */
export type Word =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly ask: number; readonly answer: Answer }
  | { readonly kind: 'closed'; readonly burst: number; readonly ledger: Ledger };
