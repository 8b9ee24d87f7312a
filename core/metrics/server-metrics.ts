import { FORWARD_FAULTS, TICKET_CODES } from './label-values.ts';
import { inCloudWatch, type MetricInfo } from './metric-info.ts';

/** What an agent counts for one server. */
export const SERVER_METRICS = {
  onedoor_keepalives_total: {
    kind: 'counter',
    unit: 'Count',
    labels: { kind: ['classic', 'extended', 'lobby', 'moving', 'moved', 'forward'] },
    at: ['agent'],
    cloudWatch: inCloudWatch('keepalives', 'agent'),
    means:
      'answers on the server’s probe port; moving and moved: to clients that shall go, without room for where and with it; forward: for the door',
    look: 'a fall that players did not make: the network before the server',
  },
  onedoor_forward_faults_total: {
    kind: 'counter',
    unit: 'Count',
    labels: { reason: [...FORWARD_FAULTS, ...TICKET_CODES] },
    at: ['agent'],
    means: 'a door’s words about clients that were not followed',
    look: 'forged, replayed: somebody tries; unknown-key, old: clocks and keys',
  },
  onedoor_announced_total: {
    kind: 'counter',
    unit: 'Count',
    labels: { how: ['noted', 'punched'] },
    at: ['agent'],
    means: 'clients that a door announced: noted, and sent the byte that opens the way',
    look: 'beside the gateways’ forwards',
  },
  onedoor_owners_asked_in_vain_total: {
    kind: 'counter',
    unit: 'Count',
    labels: { why: ['silent', 'unasked'] },
    at: ['agent'],
    means: 'where servers are the door: owners that did not answer, or were not asked since too many were under way',
    look: 'the network between the servers; a rush',
  },
  onedoor_beats_total: {
    kind: 'counter',
    unit: 'Count',
    labels: { outcome: ['landed', 'again', 'lost'] },
    at: ['agent'],
    cloudWatch: inCloudWatch('beats', 'agent'),
    means: 'beats: landed; computed again since the row had moved; lost, since the registry did not answer',
    look: 'lost ones at one machine: its network or its role; at all: the registry',
  },
  onedoor_server_sessions: {
    kind: 'gauge',
    unit: 'Count',
    at: ['agent'],
    means: 'clients on this server',
    look: 'beside the game’s own count',
  },
  onedoor_server_capacity: {
    kind: 'gauge',
    unit: 'Count',
    at: ['agent'],
    means: 'sessions that this server takes now',
    look: 'lower than --capacity: the game’s own word, or the registrar’s tag',
  },
  onedoor_server_free_seats: {
    kind: 'gauge',
    unit: 'Count',
    at: ['agent'],
    means: 'free seats in this server’s row',
    look: 'capacity less sessions less seats that are out',
  },
  onedoor_server_game_alive: {
    kind: 'gauge',
    unit: 'Count',
    at: ['agent'],
    means: '1 while the game answers, else 0',
    look: 'the game’s process and log',
  },
  onedoor_server_beat_age_seconds: {
    kind: 'gauge',
    unit: 'Seconds',
    at: ['agent'],
    means: 'time since the last beat that landed was sent',
    look: 'above 15 s nobody new is sent here: the log of the agent',
  },
} as const satisfies Record<string, MetricInfo>;
