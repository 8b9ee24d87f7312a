/** MiniStack itself: its start, and what a person at AWS's controls could do. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../support/free-ports.ts';
import { emulatedCloud, functionLogs } from '../support/cloud.ts';
import { start } from '../support/commands.ts';
import { eventually, type Lane, ROOT } from '../support/lane.ts';
import { type Edition, pycacheOf } from '../support/python.ts';
import type { Emulator } from './scene.ts';

const FOLDER = join(ROOT, 'test/emulator/ministack');

export const MINISTACK: Edition = {
  name: 'MiniStack 1.5.33',
  list: 'ministack/packages.txt',
  pythons: ['3.11', '3.12', '3.13'],
};

/** At `wantedPort`, or at one that is free. */
export async function startMiniStack(
  lane: Pick<Lane, 'workDir' | 'undo'>,
  interpreter: string,
  wantedPort?: number,
): Promise<Emulator> {
  const port = wantedPort ?? (await freePorts(1));
  const clockPath = join(lane.workDir, 'clock');
  writeFileSync(clockPath, '0');
  const program = start([interpreter, join(FOLDER, 'launcher.py')], {
    env: {
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
      TMPDIR: lane.workDir,
      PYTHONPYCACHEPREFIX: pycacheOf('ministack'),
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      // Its functions find no other credentials than those that it gives them.
      AWS_EC2_METADATA_DISABLED: 'true',
      NODE_OPTIONS: `--import=${join(FOLDER, 'clock.mjs')}`,
      ONEDOOR_CLOCK: clockPath,
    },
    logPath: join(lane.workDir, 'ministack.log'),
  });
  lane.undo(() => program.stop());
  const cloud = emulatedCloud(`http://127.0.0.1:${port}`);
  await eventually(
    'MiniStack to answer',
    async () => {
      if (!program.running()) throw new Error(readFileSync(program.logPath, 'utf8').slice(-2_000));
      return (await fetch(`${cloud.endpoint}/_ministack/health`).catch(() => undefined))?.ok;
    },
    60_000,
  );
  // For people: the folder stays if the lane fails.
  lane.undo(async () => writeFileSync(join(lane.workDir, 'functions.log'), await functionLogs(cloud)));
  return { cloud, program, clockPath };
}

/** Whether IAM decides: see the launcher. */
export async function switchIam({ program }: Emulator, isOn: boolean): Promise<void> {
  program.child.kill(isOn ? 'SIGUSR1' : 'SIGUSR2');
  const line = `onedoor: IAM ${isOn ? 'decides' : 'allows everything'}`;
  await eventually(line, () => readFileSync(program.logPath, 'utf8').includes(line));
}

/** Puts the clocks of all functions ahead. */
export function passTime({ clockPath }: Emulator, ms: number): void {
  writeFileSync(clockPath, String(Number(readFileSync(clockPath, 'utf8')) + ms));
}
