import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { createHttpServer } from '../../adapters/http/server.ts';
import { createAgonesApi } from '../../agents/agones/rest-api.ts';
import { anAgonesLab } from '../support/agones-lab.ts';
import { freePorts } from '../support/free-ports.ts';

const BUILD = join(import.meta.dirname, '../python/agones_build.py');
const MISSING = spawnSync('python3', ['-c', 'import agones_python_sdk'], { stdio: 'ignore' }).status !== 0;

describe.skipIf(MISSING)("a client of Agones' SDK that is not ours", () => {
  it('makes its calls, and reads every answer', async () => {
    const lab = await anAgonesLab();
    vi.useRealTimers();
    const server = createHttpServer({ handler: createAgonesApi(lab.desk) });
    const port = await freePorts(1);
    await server.listen(port, '127.0.0.1');

    const { stdout } = await promisify(execFile)('python3', [BUILD, `http://127.0.0.1:${port}`]).finally(() =>
      server.close(0),
    );

    expect(JSON.parse(stdout)).toEqual({
      states: ['Scheduled', 'Ready', 'Allocated', 'Reserved', 'Shutdown'],
      labels: { mode: 'ctf', 'agones.dev/sdk-map': 'dust' },
      annotations: { 'agones.dev/sdk-note': 'x' },
      address: '203.0.113.7',
      port: 27_000,
      players: '4',
      counter: '1',
      health: 5,
    });
    expect(lab.told).toEqual(['hold', 'ready', 'ready', 'hold', 'drain']);
  });
});
