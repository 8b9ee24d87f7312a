/**
 * The Onedoor client for Node: asks the door for a server, keeps the session alive, and finds another server when it is
 * lost. No dependency beside Node itself. See docs/clients/typescript.md.
 */
export { ConfigError, type ErrorCode, OnedoorError } from '../core/errors.ts';
export type { LossReason, Via } from '../core/session/types.ts';
export type { Choose, ChooseFunction } from './choose.ts';
export { connect, menu, roster } from './connect.ts';
export type { RosterServer, ServerStatus } from './http-answers.ts';
export type { MenuApp, MenuWorld } from './http-api.ts';
export type { ConnectOptions } from './options.ts';
export type { DoorKey, RosterStore } from './roster-cache.ts';
export type { Roster } from './roster-source.ts';
export type { Server, Session, SessionEvents } from './session.ts';
export type { SavedGrant } from './session-state.ts';
