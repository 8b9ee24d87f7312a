import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../adapters/cli/flags.ts';
import { createChildren } from './children.ts';
import { layOutMachines } from './machines.ts';
import { type DemoOptions, parseDemoOptions } from './options.ts';
import { checkPorts, freePort } from './ports.ts';
import { count, createReport, type Report, type Say, span } from './report.ts';
import { openStage, type Stage, type StageParts } from './stage.ts';
import { killAgent, killBoth, killGame } from './steps/crashes.ts';
import { drainServer } from './steps/drain.ts';
import { joinRealClients } from './steps/join.ts';
import { sendClassicProbes, sendExtendedRequests } from './steps/probes.ts';
import { startServers } from './steps/start.ts';
import { compileProbe, findTools } from './tools.ts';

type StepRun = (stage: Stage, say: Say) => Promise<void>;

/** After the start, in this order: each goes on from what the one before has left. */
const STEPS: readonly (readonly [title: string, run: StepRun])[] = [
  ['Classic probes, 8 bytes each, from a C program', sendClassicProbes],
  ['Extended requests from Python and the SDK, over UDP and TCP', sendExtendedRequests],
  ['Real clients join where the door sends them', joinRealClients],
  ['kill -9 a game, its agent lives: its clients leave', killGame],
  ['kill -9 an agent, its game lives: nobody who gets game traffic moves', killAgent],
  ['kill -9 both: their clients are on another server within seconds', killBoth],
  ['Drain: nobody new comes, who is in stays', drainServer],
];

/** Of each program, when something failed. */
const LOG_LINES = 3;

/** Resolves with the exit code of a signal that asks for the end. */
function untilSignal(): Promise<number> {
  return new Promise((resolve) => {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      process.once(signal, () => resolve(code));
    }
  });
}

async function main(): Promise<number> {
  const options = parseDemoOptions(process.argv.slice(2), await freePort());
  if (options === 'help') return 0;
  const tools = findTools();
  await checkPorts(options.local, layOutMachines(options.local));
  const workDir = mkdtempSync(join(tmpdir(), 'onedoor-demo-'));
  // Game servers run as nobody, and have their own directories in it.
  chmodSync(workDir, 0o711);
  const children = createChildren(workDir);
  const clear = (): void => {
    children.endAll();
    rmSync(workDir, { recursive: true, force: true });
  };
  // Even if this process ends by an error that nobody thought of.
  process.once('exit', clear);
  let isOver = false;
  // What a story that was broken off still finds out is nobody's interest.
  const report = createReport(STEPS.length + 1, (line) => isOver || console.log(line));
  const signalled = untilSignal();
  try {
    const probe = await compileProbe(tools, workDir);
    const parts = { options, tools, probe, children, workDir };
    return await Promise.race([perform(parts, report), signalled]);
  } finally {
    isOver = true;
    const stopMs = performance.now();
    const programs = children.living().length;
    await children.stopAll();
    clear();
    process.off('exit', clear);
    if (programs > 0) console.log(`stopped ${count(programs, 'program')} and removed their files in ${span(stopMs)}`);
  }
}

/** The story; resolves with the exit code. */
async function perform(parts: StageParts, report: Report): Promise<number> {
  const { children, options } = parts;
  try {
    await play(parts, options, report);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    for (const child of children.surprises()) report.note(`${child.name} ended by itself (${await child.ended})`);
    const servers = children.living().filter(({ name }) => !name.startsWith('bzadmin'));
    for (const child of [...children.surprises(), ...servers]) {
      for (const line of child.lastLines(LOG_LINES)) report.note(`${child.name}: ${line}`);
    }
    return 1;
  }
  report.note(`\nall ${STEPS.length + 1} steps are as they must be, after ${report.seconds()} s`);
  return 0;
}

async function play(parts: StageParts, { local }: DemoOptions, report: Report): Promise<void> {
  let stage: Stage | undefined;
  await report.step(`One door at ${local.bind}:${local.probePort}, six real servers, five agents`, async (say) => {
    stage = await openStage(parts);
    say(`the door is open; API ${stage.names.http}, registry ${stage.deps.registry}`);
    await startServers(stage, say);
  });
  for (const [title, run] of STEPS) await report.step(title, async (say) => run(stage as Stage, say));
}

if (import.meta.main) {
  try {
    process.exit(await main());
  } catch (error) {
    console.error(error instanceof UsageError ? error.message : error);
    process.exit(error instanceof UsageError ? 2 : 1);
  }
}
