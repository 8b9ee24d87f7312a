/**
 * CPU time to issue and to check a ticket: `node bench/ticket.ts`. A whole assignment may take 120 us; "without
 * signature" is what Onedoor adds to the price of Ed25519.
 */
import { macFrom } from '../adapters/crypto/mac.ts';
import { ticketKeys } from '../adapters/crypto/ticket-keys.ts';
import { createVerifier } from '../adapters/crypto/verifier.ts';
import type { Signer } from '../core/ports.ts';
import { decodeTicket } from '../core/ticket/decode.ts';
import { issueTicket } from '../core/ticket/issue.ts';
import { verifyTicket } from '../core/ticket/verify.ts';
import { cpuNsPerCall, machine, median, roundsLine } from './cpu.ts';
import { told } from './figure.ts';

const ROUNDS = 9;
const ROUND_NS = 40_000_000;
const NS_PER_US = 1_000;

const secret = new Uint8Array(32).fill(7);
const { signer, publicKey } = ticketKeys(secret);
const verify = createVerifier([publicKey]);
const mac = macFrom(secret, 'cookie');
const signature = signer.sign(new Uint8Array(8));
const unsigned: Signer = { kid: signer.kid, sign: () => signature };
const wallMs = Date.UTC(2026, 0, 1);
const server = { id: 'i-0123456789abcdef0.0', app: 'arena', world: 'main', group: 'eu-central' };
const client = new TextEncoder().encode('player-1');

function issue(serial: number, by: Signer): string {
  const seat = { gen: '0123456789abcdef', serial: wallMs + serial, expiresWallMs: wallMs + 40_000 };
  return issueTicket({ iss: 'onedoor', server, seat, client, wallMs }, by).ticket;
}

const ticket = issue(1, signer);
const expected = { verify, iss: 'onedoor', aud: server.id, wallMs };
const block = new Uint8Array(30);
const runs = Object.entries({
  'issue without signature': (index: number) => issue(index, unsigned).length,
  sign: () => signer.sign(block).length,
  issue: (index: number) => issue(index, signer).length,
  decode: () => (decodeTicket(ticket).ok ? 1 : Number.NaN),
  verify: () => (verifyTicket(ticket, expected).ok ? 1 : Number.NaN),
  'cookie mac': () => mac(block).length,
}).map(([name, call]) => {
  const calls = Math.round(ROUND_NS / cpuNsPerCall(500, call));
  return { name, call, calls, rounds: [] as number[] };
});
for (let round = 0; round < ROUNDS; round++) {
  for (const run of round % 2 === 0 ? runs : [...runs].reverse()) run.rounds.push(cpuNsPerCall(run.calls, run.call));
}
console.log(`${machine()}; CPU us per call, ${ROUNDS} rounds; the ticket has ${ticket.length} bytes`);
for (const { name, rounds } of runs) {
  console.log(roundsLine(name, rounds, NS_PER_US));
  told(`ticket, ${name}, CPU`, median(rounds) / NS_PER_US, 'us');
}
