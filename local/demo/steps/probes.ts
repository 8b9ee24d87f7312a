import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { connect } from '../../../client/index.ts';
import type { App } from '../machines.ts';
import { DEMO_APP } from '../options.ts';
import { demand, type Say, tally } from '../report.ts';
import type { Stage } from '../stage.ts';

const run = promisify(execFile);
const APPS: readonly App[] = ['bzflag', 'teeworlds', 'mumble'];
const CLASSIC_PROBES = 20;
const PROBE_MS = 10_000;

/** Sends so many classic probes by the program in C; the addresses that came back. */
export async function classicProbes({ probe, host, port }: Stage, times: number): Promise<readonly string[]> {
  const { stdout } = await run(probe, [host, String(port), String(times)], { timeout: PROBE_MS });
  return stdout.trim().split('\n');
}

/** Addresses of an app's machines. */
function addressesOf({ machines }: Stage, app: string): readonly string[] {
  return machines.filter((machine) => machine.app === app).map(({ address }) => address);
}

/** 8 bytes out, 8 bytes in: a server of the default app, and nothing else. */
export async function sendClassicProbes(stage: Stage, say: Say): Promise<void> {
  say(`compiled local/demo/probe.c with ${stage.tools.cc}`);
  const answers = await classicProbes(stage, CLASSIC_PROBES);
  say(`${answers.length} of ${CLASSIC_PROBES} answered: ${tally(answers)}`);
  const addresses = addressesOf(stage, DEMO_APP);
  demand(answers.length === CLASSIC_PROBES, 'not every probe was answered');
  demand(
    answers.every((address) => addresses.includes(address)),
    `an answer is no address of ${DEMO_APP}`,
  );
  demand(
    addresses.every((address) => answers.includes(address)),
    'one machine was never named',
  );
}

/** Every app by every language and way in. */
export async function sendExtendedRequests(stage: Stage, say: Say): Promise<void> {
  for (const app of APPS) {
    for (const flags of [[], ['--tcp']]) await askByPython(stage, app, flags, say);
  }
  const unknown = await askPython(stage, ['--app', 'nothing']).catch((error: { stderr: string }) =>
    error.stderr.trim(),
  );
  say(`Python, app nothing: ${unknown}`);
  demand(unknown.startsWith('error 2,'), 'an unknown app must be error 2');
  for (const app of APPS) await askBySdk(stage, app, say);
}

async function askPython({ tools, pythonProbe, host, port }: Stage, flags: readonly string[]): Promise<string> {
  const { stdout } = await run(tools.python, [pythonProbe, host, String(port), ...flags], { timeout: PROBE_MS });
  return stdout;
}

async function askByPython(stage: Stage, app: App, flags: readonly string[], say: Say): Promise<void> {
  const said = await askPython(stage, ['--app', app, ...flags]);
  const [, address, id, ticket, game] =
    /^extended (\S+)\nserver (\S+) ticket (\d+) bytes\nports 0:(\d+) /m.exec(said) ?? [];
  const machine = stage.machines.find(({ serverIds }) => serverIds.includes(id ?? ''));
  say(
    `Python, ${app} over ${flags.length > 0 ? 'TCP' : 'UDP'}: ${id} at ${address}:${game}, ticket of ${ticket} bytes`,
  );
  demand(machine?.app === app && machine.address === address, `that is no server of ${app}: ${said}`);
  demand(machine.gamePorts[machine.serverIds.indexOf(id ?? '')] === Number(game), 'that is not its port');
}

async function askBySdk({ names, machines }: Stage, app: App, say: Say): Promise<void> {
  const { door, http } = names;
  const session = await connect({ door, http, app, client: `sdk-${app}` });
  const { id, address, ports } = session.server;
  say(`SDK, ${app} over ${session.via.toUpperCase()}: ${id} at ${address}:${ports['game']}`);
  await session.close();
  demand(
    machines.some((machine) => machine.app === app && machine.serverIds.includes(id)),
    `that is no server of ${app}`,
  );
}
