/**
 * One assigner in a process of its own, for test/bursts: gets its orders over IPC, and ends with whoever started it.
 */
import { flushCompileCache } from 'node:module';
import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { isConditionFailed } from '../../adapters/dynamodb/calls.ts';
import { createDynamoClient, type DynamoClient } from '../../adapters/dynamodb/client.ts';
import { createRegistryStore } from '../../adapters/dynamodb/registry-store.ts';
import { systemClock } from '../../adapters/system/system-clock.ts';
import { createSystemRng } from '../../adapters/system/system-rng.ts';
import { type Assigner, createAssigner } from '../../core/assign/assigner.ts';
import { readTakeReply } from '../../core/registry/take.ts';
import type { SeatTiming } from '../../core/registry/timing.ts';
import { createPolicy } from '../../core/select/create-policy.ts';
import { LOCAL_ACCESS } from '../../local/dynalite.ts';
import { buildView } from '../support/build-view.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { seededRng } from '../support/seeded-rng.ts';
import { type AssignerStore, createSaboteur, planted, type Saboteur } from './assigner-faults.ts';
import type { Answer, AssignOrder, OpenOrder, Order, Word } from './messages.ts';

const RETRY_MS = 1_000;
/** No roster is newer than that of the order. */
const FRESH_MS = 3_600_000;
const SWEEPS_PER_HOLD = 10;

interface Desk {
  readonly assigner: Assigner;
  readonly saboteur: Saboteur;
  readonly books: TakeBooks;
  close(): void;
}

/** Counts what an assigner wins, and what it may have won without knowing. */
interface TakeBooks {
  /** Seats won that no client got yet. */
  kept: number;
  /** Seats that were asked for by requests of which it is not known that they were refused, less the seats won. */
  doubtful: number;
  /** The same client, counted. */
  readonly sees: (client: DynamoClient) => DynamoClient;
  /** The writes of a store, counted. */
  readonly reads: (store: AssignerStore, timing: SeatTiming) => AssignerStore['write'];
}

const clients = new Map<string, DynamoClient>();
const desks = new Map<number, Promise<Desk>>();
const rng = createSystemRng();

function clientOf(endpoint: string): DynamoClient {
  const known = clients.get(endpoint);
  if (known) return known;
  const client = createDynamoClient({ ...LOCAL_ACCESS, endpoint });
  clients.set(endpoint, client);
  return client;
}

function keepBooks(): TakeBooks {
  const books: TakeBooks = {
    kept: 0,
    doubtful: 0,
    sees: (client) => ({
      ...client,
      async call(operation, input, options) {
        const k = operation === 'UpdateItem' ? Number(seatsOf(input)) : 0;
        // Each request may land, and again when it is sent a second time.
        books.doubtful += k;
        try {
          return await client.call(operation, input, options);
        } catch (error) {
          if (isConditionFailed(error)) books.doubtful -= k;
          throw error;
        }
      },
    }),
    reads: (store, timing) => async (key, command) => {
      const sentAtMs = systemClock.monoMs();
      const reply = await store.write(key, command);
      if (command.kind !== 'take') return reply;
      const outcome = readTakeReply(command, reply, sentAtMs, systemClock.monoMs(), timing);
      if (outcome.ok) {
        books.kept += command.k;
        books.doubtful -= command.k;
      }
      return reply;
    },
  };
  return books;
}

function seatsOf(input: unknown): string | undefined {
  return (input as UpdateItemCommandInput).ExpressionAttributeValues?.[':k']?.N;
}

async function open(order: OpenOrder): Promise<Desk> {
  const { endpoint, table, roster, timing, stock, fault, plant, seed } = order;
  const saboteur = createSaboteur(fault ?? {}, seededRng(seed));
  let relay: Relay | undefined;
  if (fault) relay = await startRelay(Number(new URL(endpoint).port), saboteur.watch);
  const client = relay
    ? createDynamoClient({ ...LOCAL_ACCESS, endpoint: `http://127.0.0.1:${relay.port}` })
    : clientOf(endpoint);
  const books = keepBooks();
  const real = createRegistryStore({ client: books.sees(client), table });
  const store: AssignerStore = planted(plant, real, client, table);
  const view = buildView(roster, 1, FRESH_MS);
  const write = books.reads(store, timing);
  const assigner = createAssigner({
    store: {
      get: store.get,
      write: (key, command) => {
        saboteur.take();
        return write(key, command);
      },
    },
    roster: { view: () => view, ageMs: () => 0, degraded: () => false },
    policy: createPolicy('two-choices'),
    signer: { kid: 'bursts', sign: () => new Uint8Array(64) },
    clock: systemClock,
    rng,
    iss: 'bursts',
    defaultApp: 'arena',
    service: { address: Uint8Array.of(127, 0, 0, 1), port: 7_000 },
    timing,
    stock,
  });
  const sweeps = setInterval(() => assigner.sweep(), timing.holdMs / SWEEPS_PER_HOLD);
  return {
    assigner,
    saboteur,
    books,
    close() {
      clearInterval(sweeps);
      if (relay) client.destroy();
      relay?.close();
    },
  };
}

async function assign({ burst, client }: AssignOrder): Promise<Answer> {
  const { assigner, saboteur, books } = await deskOf(burst);
  const outcome = await assigner.assign({
    client: new TextEncoder().encode(client),
    family: 4,
    avoid: [],
    source: { address: Uint8Array.of(127, 0, 0, 1), port: 40_000, protocol: 6 },
  });
  if (!outcome.ok) {
    const { code, retryAfterMs } = { retryAfterMs: RETRY_MS, ...outcome };
    return { ok: false, code, retryAfterMs: Number(retryAfterMs) };
  }
  saboteur.answer();
  books.kept--;
  const [server, gen, serial] = outcome.id.split(':') as [string, string, string];
  return { ok: true, server, gen, serial: Number(serial) };
}

function deskOf(burst: number): Promise<Desk> {
  const desk = desks.get(burst);
  if (!desk) throw new Error(`burst ${burst} was not opened`);
  return desk;
}

function say(word: Word): void {
  process.send?.(word);
}

async function obey(order: Order): Promise<void> {
  if (order.kind === 'open') {
    desks.set(order.burst, open(order));
  } else if (order.kind === 'assign') {
    say({ kind: 'answer', ask: order.ask, answer: await assign(order) });
  } else {
    const desk = await deskOf(order.burst);
    desk.close();
    desks.delete(order.burst);
    const { kept, doubtful } = desk.books;
    say({ kind: 'closed', burst: order.burst, ledger: { cuts: desk.saboteur.cuts, kept, doubtful } });
  }
}

process.on('message', (order: Order) => void obey(order));
process.on('disconnect', () => process.exit());
// A terminal tells the whole group; the one who started it says when this ends.
process.on('SIGINT', () => {});
// Nobody ends in peace here: without this, nothing of what was compiled would be kept.
flushCompileCache();
say({ kind: 'ready' });
