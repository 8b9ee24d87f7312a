/**
 * What the page costs a browser: `node bench/page.ts --servers 2000 --seconds 30 --view rows`. Every number of every server
 * changes once a second. Prints the CPU of all of Chromium's processes, as a share of one core, the main thread's part, and
 * how long a frame took that shows a step.
 */
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { CHROMIUM_FLAGS, findChromium } from '../test/support/chromium.ts';
import { cpuOfTree } from '../test/support/cpu-of-tree.ts';
import { startPageFleet } from '../test/support/page-fleet.ts';
import { pageAssets } from '../tools/build-page.ts';

const { values } = parseArgs({
  options: {
    servers: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '30' },
    view: { type: 'string', default: 'rows' },
  },
});
const executablePath = findChromium();
if (executablePath === undefined) throw new Error('there is no Chromium here (apt-get install chromium)');
const seconds = Number(values.seconds);
const fleet = await startPageFleet(Number(values.servers));
const server = await chromium.launchServer({ executablePath, args: CHROMIUM_FLAGS });
const browser = await chromium.connect(server.wsEndpoint());
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
await page.goto(fleet.url);
await page.click(`[data-view=${values.view}]`);
await page.waitForTimeout(4_000);
const session = await page.context().newCDPSession(page);
await session.send('Performance.enable');
const taskSeconds = async (): Promise<number> => {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
};
const before = { cpu: cpuOfTree(server.process().pid!), task: await taskSeconds(), atMs: performance.now() };
await page.waitForTimeout(seconds * 1_000);
const elapsed = (performance.now() - before.atMs) / 1_000;
const share = (used: number): string => `${((100 * used) / elapsed).toFixed(1)} % of one core`;
console.log(`${values.servers} servers at 1 Hz as ${values.view}, ${elapsed.toFixed(0)} s`);
console.log(`  all of Chromium  ${share(cpuOfTree(server.process().pid!) - before.cpu)}`);
console.log(`  its main thread  ${share((await taskSeconds()) - before.task)}`);
const gzipped = Object.values(await pageAssets()).reduce((sum, text) => sum + gzipSync(text).length, 0);
console.log(`  the page         ${(gzipped / 1024).toFixed(1)} KiB gzip`);
await browser.close();
await server.close();
await fleet.stop();
