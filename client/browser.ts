/**
 * The Onedoor client for browsers: assignment and failover over HTTP(S) to the door. A page cannot open UDP sockets, so
 * whether the server lives is what the application says by `lost()`. See docs/clients/browser.md.
 */
export { type BrowserOptions, connect, menu, type Roster, roster } from './browser-connect.ts';
export { OnedoorError } from './browser-error.ts';
export type { BrowserServer, BrowserSession, BrowserSessionEvents } from './browser-session.ts';
export type { Choose, ChooseFunction } from './choose.ts';
export type { RosterServer, ServerStatus } from './http-answers.ts';
export type { MenuApp, MenuWorld } from './http-api.ts';
export type { DoorKey, RosterStore } from './roster-cache.ts';
export type { SavedGrant } from './session-state.ts';
