/**
 * One pick of `two-choices` beside one SelectNode of LiveKit's selector `twochoice`
 * (Go, of the Go proxy): `node bench/selector.ts [rounds]`. CPU time, garbage collectors included; the two take turns, in
 * reversed order every other round. LiveKit looks at every node each time; its own count of clients sorts.
 * Both leave out what is not alive; neither filters by what a request demands.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { createSystemRng } from '../adapters/system/system-rng.ts';
import type { PickQuery } from '../core/select/policy.ts';
import { createPools } from '../core/select/pools.ts';
import { twoChoices } from '../core/select/two-choices.ts';
import { aServer, aView } from '../test/support/builders.ts';
import { cpuNsPerCall, machine, median, roundsLine } from './cpu.ts';
import { atLeast } from './figure.ts';
import { goProgram } from './peers/install.ts';

const MODULE = 'github.com/livekit/livekit-server/pkg/routing/selector';
const VERSION = 'v1.13.5';
const ROUNDS = Number(process.argv[2] ?? 9);
const FIGURES = [
  { size: 10, least: 100 },
  { size: 1_000, least: 5_000 },
  { size: 10_000, least: 30_000 },
];
const OUR_PICKS = 1_000_000;
/** CPU time of one round of the peer, about; it takes some 330 ns a node. */
const PEER_ROUND_NS = 400_000_000;
const PEER_NS_A_NODE = 330;

function ourPick(size: number): (index: number) => number {
  const view = aView(
    Array.from({ length: size }, (_, n) => {
      const capacity = [32, 64, 256][n % 3]!;
      return aServer({
        id: `i-${n.toString(16).padStart(17, '0')}.0`,
        capacity,
        free: 1 + Math.floor(Math.random() * capacity),
      });
    }),
  );
  const found = createPools(view).pool('arena');
  if (!found.ok) throw new Error(found.code);
  const { pool } = found;
  const policy = twoChoices();
  const query: PickQuery = {
    client: new Uint8Array(16),
    source: { address: Uint8Array.of(203, 0, 113, 9), port: 40_000, protocol: 17 },
    service: { address: Uint8Array.of(198, 51, 100, 4), port: 7_000 },
    rng: createSystemRng(),
  };
  return () => policy.pick(pool, query);
}

const program = goProgram('livekit', MODULE, VERSION);
const peer = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
const answers = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();

async function peerNs(size: number): Promise<number> {
  const picks = Math.max(20, Math.round(PEER_ROUND_NS / PEER_NS_A_NODE / size));
  peer.stdin.write(`${size} ${picks}\n`);
  return Number((await answers.next()).value);
}

console.log(`${machine()}; CPU ns a pick, ${ROUNDS} rounds`);
console.log(
  `LiveKit ${VERSION}: AnySelector, SortBy clients, Algorithm twochoice; ${process.env['GOMAXPROCS'] ?? 'default'} GOMAXPROCS`,
);
const sides = FIGURES.map((figure) => {
  const pick = ourPick(figure.size);
  const ours = {
    name: `two-choices, ${figure.size}`,
    ns: [] as number[],
    run: async () => cpuNsPerCall(OUR_PICKS, pick),
  };
  const theirs = { name: `LiveKit, ${figure.size}`, ns: [] as number[], run: () => peerNs(figure.size) };
  return { ...figure, ours, theirs };
});
for (const { ours, theirs } of sides) for (const side of [ours, theirs]) await side.run();
for (let round = 0; round < ROUNDS; round++) {
  for (const { ours, theirs } of sides) {
    for (const side of round % 2 === 0 ? [ours, theirs] : [theirs, ours]) side.ns.push(await side.run());
  }
}
peer.stdin.end();
for (const { size, least, ours, theirs } of sides) {
  for (const side of [ours, theirs]) console.log(roundsLine(side.name, side.ns, 1));
  const ratios = ours.ns.map((ns, round) => theirs.ns[round]! / ns);
  console.log(`  ratios: ${ratios.map((ratio) => ratio.toFixed(0)).join(' ')}`);
  atLeast(`pick, CPU, LiveKit twochoice at ${size} nodes`, least, median(ratios), 'x');
}
