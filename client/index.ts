/**
 * The Onedoor client for Node: asks the door for a server, keeps the session alive, and finds another server when it is
 * lost. No dependency beside Node itself. See docs/clients/typescript.md.
 */
export { ConfigError, type ErrorCode, OnedoorError } from '../core/errors.ts';
export type { LossReason, Via } from '../core/session/types.ts';
export { connect } from './connect.ts';
export type { ConnectOptions } from './options.ts';
export type { Server, Session, SessionEvents } from './session.ts';
