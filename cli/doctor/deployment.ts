import { UsageError } from '../../adapters/cli/flags.ts';
import { OnedoorError } from '../../core/errors.ts';
import { getJson } from '../api.ts';
import { classicProbe } from '../probe/classic.ts';
import { exchangeTcp, exchangeUdp } from '../probe/exchange.ts';
import { readRoster } from '../roster.ts';
import { registryOf, type Target } from '../target.ts';
import { bad, type Finding, ok, skip, warn } from './check.ts';

/** Tickets are refused when clocks differ by more (docs/SEATS.md), requests to AWS by more than 5 minutes. */
const CLOCK_WARN_MS = 5_000;

/** The door by UDP and TCP. */
export async function checkDoor({ door }: Target): Promise<readonly Finding[]> {
  if (door === undefined) return [skip('door', 'its address is not known here; --door HOST')];
  const ways = [
    ['UDP', exchangeUdp, 'let UDP to the door’s port pass; is a gateway healthy?'],
    ['TCP', exchangeTcp, 'let TCP to the door’s port pass; is a gateway healthy?'],
  ] as const;
  return await Promise.all(
    ways.map(async ([way, exchange, remedy]) => {
      const { says, tookMs, problem } = await classicProbe(door, exchange);
      const about = `door over ${way}`;
      if (problem !== undefined) return bad(about, `${door}: ${problem}`, remedy);
      if (says.startsWith('no server')) return warn(about, `${door}: ${says}`, 'look at `onedoor servers`');
      return ok(about, `${door} answers in ${tookMs.toFixed(1)} ms: ${says}`);
    }),
  );
}

/** The HTTP API, what it lists, and this machine's clock by its own. */
export async function checkApi(target: Target): Promise<readonly Finding[]> {
  const { http } = target;
  if (http === undefined) return [skip('HTTP API', 'its address is not known here; --http URL')];
  try {
    const { tookMs, wallMs } = await getJson(http, '/healthz');
    const { servers, version } = await readRoster(target);
    const ready = servers.filter(({ status }) => status === 'ready').length;
    const listed = `roster version ${version}: ${servers.length} servers, ${ready} ready`;
    return [
      ok('HTTP API', `${http} answers in ${tookMs.toFixed(1)} ms`),
      ready > 0
        ? ok('servers', listed)
        : warn('servers', listed, 'look at the agents: docs/OPERATIONS.md, "What to look at"'),
      clockFinding(wallMs),
    ];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return [
      bad('HTTP API', error.message, 'check the address, the load balancer and the alarms of the assign function'),
    ];
  }
}

function clockFinding(wallMs: number | undefined): Finding {
  if (wallMs === undefined) return skip('clock', 'the API tells no time');
  // A Date header has whole seconds.
  const offMs = Math.max(0, Math.abs(Date.now() - wallMs) - 1_000);
  if (offMs <= CLOCK_WARN_MS) return ok('clock', 'within 5 s of the API’s');
  return warn('clock', `${Math.round(offMs / 1000)} s away from the API’s`, 'set it: `timedatectl set-ntp true`');
}

/** The registry with this person's right: its roster and its keys. */
export async function checkRegistry(target: Target): Promise<readonly Finding[]> {
  if (target.table === undefined) return [skip('registry', 'its table is not known here; --table NAME')];
  try {
    const store = await registryOf(target);
    const [index, keys] = [await store.readRoster('INDEX'), await store.readKeys()];
    const where = `table ${target.table}`;
    const roster = index
      ? ok('registry', `${where} is readable, roster version ${index.version}`)
      : warn('registry', `${where} has no roster`, 'does the roster function run? docs/OPERATIONS.md');
    const signed =
      keys.length > 0
        ? ok('keys', `${keys.length} published: ${keys.map(({ kid }) => kid).join(', ')}`)
        : bad(
            'keys',
            'no public key is published: agents refuse every ticket',
            'invoke the key function: docs/OPERATIONS.md',
          );
    return [roster, signed];
  } catch (error) {
    if (!(error instanceof OnedoorError)) {
      const { name, message } = error as Error;
      return [bad('registry', `${name}: ${message.split('\n')[0]}`, 'check region, credentials and the table’s name')];
    }
    const { cause } = error as { readonly cause?: Error };
    return [
      bad(
        'registry',
        `${error.code}: ${cause?.message ?? error.message}`,
        'check region, credentials and the table’s name',
      ),
    ];
  }
}
