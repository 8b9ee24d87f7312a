/**
 * Why a packet gets no answer (docs/PROTOCOL.md, "Reading a packet, in this exact order"): item n of the document is
 * entry n - 1 here. A packet with several faults has the first reason of this list, wherever in the packet they are.
 * A reason is never renamed or renumbered: metrics, logs and the vectors of every SDK use it.
 */
export const DROP_REASONS = [
  'short',
  'long',
  'length-mismatch',
  'length-invalid',
  'wrong-type',
  'option-past-end',
  'too-many-options',
  'option-repeated',
  'value-size',
  'not-utf8',
  'no-nonce',
  'wrong-role',
  'probe-port',
  'forward-not-last',
] as const;

export type DropReason = (typeof DROP_REASONS)[number];
