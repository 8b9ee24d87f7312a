import { ERROR_CODES } from '../errors.ts';

const codes = Object.keys(ERROR_CODES);

export const TICKET_CODES = codes.filter((code) => code.startsWith('ticket.'));
export const REGISTRY_CODES = codes.filter((code) => code.startsWith('registry.'));
export const OTHER_CODES = codes.filter((code) => !code.startsWith('ticket.') && !code.startsWith('registry.'));
/** Why a server says nothing to a well-formed packet. */
export const SILENT_REASONS = ['not-verified', 'game-dead', 'busy', 'request-too-small'] as const;
/** Why a door's word about a client is not followed; or the code of its ticket's fault. */
export const FORWARD_FAULTS = [
  'not-verified',
  'wrong-server',
  'no-ticket',
  'busy',
  'unknown-key',
  'forged',
  'old',
  'replayed',
  'game-dead',
  'no-room',
  'failed',
] as const;
