import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { formatAddress, fromWireAddress, isZeroAddress, toWireAddress } from '../../core/wire/address.ts';
import { encodeClassic } from '../../core/wire/classic-packet.ts';
import { decodePacket } from '../../core/wire/decode.ts';
import { encodeRequest } from '../../core/wire/encode-request.ts';
import { DOOR_REQUEST_BYTES, MAX_PACKET_BYTES } from '../../core/wire/limits.ts';
import type { ExtendedResponse, RequestFields } from '../../core/wire/packet.ts';
import { PORT_ROLE } from '../../core/wire/server-port.ts';
import { wireErrorName } from '../../core/wire/wire-errors.ts';
import { UsageError } from '../options.ts';
import { type Exchange, exchangeTcp, exchangeUdp, type Peer } from './exchange.ts';
import { explainOnce } from './explain.ts';
import { type ProbeOptions, parseProbeOptions } from './options.ts';

/** The request's own address: information only. */
const OWN_IPV4 = Uint8Array.of(0, 0, 0, 0);
/** Number of the error (docs/PROTOCOL.md, "Error codes"). */
const REQUEST_TOO_SMALL = 4;

interface Tally {
  sent: number;
  readonly timesMs: number[];
}

async function main(): Promise<number> {
  const options = parseProbeOptions(process.argv.slice(2), (text) => process.stdout.write(text));
  if (options === 'help') return 0;
  const { address: host } = await lookup(options.host).catch(() => {
    throw new UsageError(`the name ${options.host} has no address`);
  });
  const exchange = options.tcp ? exchangeTcp : exchangeUdp;
  const tally: Tally = { sent: 0, timesMs: [] };
  process.once('SIGINT', () => {
    summary(options, tally);
    process.exit(tally.timesMs.length > 0 ? 0 : 1);
  });
  console.log(`PROBE ${options.host} (${host}) port ${options.port} over ${options.tcp ? 'TCP' : 'UDP'}`);
  for (let n = 0; n < options.count; n++) {
    if (n > 0) await delay(options.intervalMs);
    tally.sent++;
    const startedMs = performance.now();
    try {
      const line = await probeOnce(options, host, exchange);
      const tookMs = performance.now() - startedMs;
      if (line !== undefined) tally.timesMs.push(tookMs);
      console.log(line === undefined ? 'no answer' : `${line}  time=${tookMs.toFixed(1)} ms`);
    } catch (error) {
      console.log(`no answer: ${(error as NodeJS.ErrnoException).code ?? error}`);
    }
  }
  summary(options, tally);
  if (options.explain) await explainOnce(options);
  return tally.timesMs.length > 0 ? 0 : 1;
}

/** One probe and its answer as a line; undefined if there was none. */
async function probeOnce(options: ProbeOptions, host: string, exchange: Exchange): Promise<string | undefined> {
  const { app, world, group, client, port, timeoutMs } = options;
  const door = { host, port, timeoutMs };
  if ([app, world, group, client].every((field) => field === undefined)) {
    const answer = await exchange(encodeClassic(host.includes(':') ? new Uint8Array(16) : OWN_IPV4), door);
    const decoded = answer && decodePacket(answer, { expect: 'response' });
    if (!decoded?.ok) return undefined;
    const { address } = decoded.packet;
    return isZeroAddress(address) ? 'no server can be given now' : `server ${formatAddress(address)}`;
  }
  const response = await askExtended(options, door, exchange);
  if (!response) return undefined;
  if (response.error) {
    const wait = response.error.retryAfterMs > 0 ? `, again in ${response.error.retryAfterMs} ms` : '';
    return `refused: ${wireErrorName(response.error.code) ?? response.error.code}${wait}`;
  }
  await giveBack(response, exchange, timeoutMs);
  const ports = (response.ports ?? []).map(({ role, port: each }) => `${roleName(role)} ${each}`).join(', ');
  return `server ${response.server ?? '?'} at ${formatAddress(fromWireAddress(response.address))} (${ports})`;
}

/** Shows the cookie where the door asks for one, from the same port: a fresh port would be another source. */
async function askExtended(
  options: ProbeOptions,
  door: Peer,
  exchange: Exchange,
): Promise<ExtendedResponse | undefined> {
  const { app, world, group, client = randomBytes(8).toString('hex') } = options;
  const fields: RequestFields = {
    address: door.host.includes(':') ? new Uint8Array(16) : toWireAddress(OWN_IPV4),
    nonce: randomBytes(8),
    app,
    world,
    group,
    client: new TextEncoder().encode(client),
  };
  for (const padTo of [DOOR_REQUEST_BYTES, MAX_PACKET_BYTES]) {
    const showCookie = (answer: Uint8Array): Uint8Array | undefined => {
      const cookie = extended(answer)?.cookie;
      return cookie && encodeRequest({ ...fields, cookie }, { padTo });
    };
    const answer = await exchange(encodeRequest(fields, { padTo }), door, showCookie);
    const response = answer && extended(answer);
    if (!response) return undefined;
    if (response.error?.code !== REQUEST_TOO_SMALL) return response;
  }
  return undefined;
}

function extended(bytes: Uint8Array): ExtendedResponse | undefined {
  const decoded = decodePacket(bytes, { expect: 'response' });
  return decoded.ok && decoded.packet.kind === 'extended' ? decoded.packet : undefined;
}

/** A probe is no player: its seat goes back to the server at once. */
async function giveBack(response: ExtendedResponse, exchange: Exchange, timeoutMs: number): Promise<void> {
  const port = response.ports?.find(({ role }) => role === PORT_ROLE.probe)?.port;
  if (response.ticket === undefined || port === undefined) return;
  const leave = { address: response.address, nonce: randomBytes(8), ticket: response.ticket, leave: true } as const;
  const host = formatAddress(fromWireAddress(response.address));
  await exchange(encodeRequest(leave), { host, port, timeoutMs: Math.min(timeoutMs, 200) }).catch(() => undefined);
}

function roleName(role: number): string {
  return Object.entries(PORT_ROLE).find(([, number]) => number === role)?.[0] ?? String(role);
}

function summary({ host }: ProbeOptions, { sent, timesMs }: Tally): void {
  const lossPct = sent === 0 ? 0 : Math.round((100 * (sent - timesMs.length)) / sent);
  console.log(`--- ${host}: ${sent} sent, ${timesMs.length} answered, ${lossPct} % lost`);
  if (timesMs.length === 0) return;
  const sum = timesMs.reduce((total, each) => total + each, 0);
  const shown = [Math.min(...timesMs), sum / timesMs.length, Math.max(...timesMs)].map((ms) => ms.toFixed(1));
  console.log(`    time min/avg/max = ${shown.join('/')} ms`);
}

if (import.meta.main) {
  process.exitCode = await main().catch((error: unknown) => {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  });
}
