import { createServer } from 'node:net';
import type { DeployConfig } from '../../core/config/deploy-config.ts';
import { parseDeployConfig } from '../../core/config/parse-deploy-config.ts';
import { ConfigError } from '../../core/errors.ts';
import { bad, type Finding, ok, warn } from './check.ts';

const LEAST_NODE = 24;
/** What `npm start` listens on if nothing else is said: door, API, registry. */
const LOCAL_PORTS = [7000, 8080, 8081, 8000];

export function checkNode(version = process.versions.node): Finding {
  const isEnough = Number(version.split('.')[0]) >= LEAST_NODE;
  if (isEnough) return ok('node', version);
  return bad(
    'node',
    `${version}, ${LEAST_NODE} is needed`,
    'run it by `npx onedoor` after `npm ci`, which brings Node 24',
  );
}

/** onedoor.config.ts with all defaults, or every mistake in it. */
export async function checkConfig(
  read: () => Promise<{ readonly config: unknown }> = () => import('../../onedoor.config.ts'),
): Promise<{ readonly finding: Finding; readonly config: DeployConfig }> {
  const about = 'onedoor.config.ts';
  try {
    const config = parseDeployConfig((await read()).config as Parameters<typeof parseDeployConfig>[0]);
    return {
      finding: ok(about, `deployment ${config.deployment}, door ${config.door}, ${config.fleets.length} fleets`),
      config,
    };
  } catch (error) {
    const says = error instanceof ConfigError ? error.problems.join(' ') : (error as Error).message;
    return {
      finding: bad(about, says, 'mend it; docs/CONFIGURATION.md has every field'),
      config: parseDeployConfig({}),
    };
  }
}

/** Whether `npm start` finds its ports free. */
export async function checkPorts(ports: readonly number[] = LOCAL_PORTS): Promise<Finding> {
  const taken: number[] = [];
  for (const port of ports) if (!(await isFree(port))) taken.push(port);
  if (taken.length === 0) return ok('ports for npm start', `${ports.join(', ')} are free`);
  return warn(
    'ports for npm start',
    `${taken.join(', ')} in use on 127.0.0.1`,
    'stop what has them, or choose others: npm start -- --http-port, --probe-port, --registry-port',
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
