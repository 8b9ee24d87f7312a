import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpServer, type HttpServer } from '../../adapters/http/server.ts';
import { buildClient } from '../../tools/build-client.ts';
import { CHROMIUM_FLAGS, findChromium } from '../support/chromium.ts';
import { type LocalProgram, startLocal } from '../support/local-program.ts';

const ROOT = join(import.meta.dirname, '../..');

const executablePath = findChromium();

/** The ten lines of docs/clients/browser.md. */
function example(): string {
  const page = readFileSync(join(ROOT, 'docs/clients/browser.md'), 'utf8');
  return /^```html\n([\s\S]*?)^```/m.exec(page)?.[1] ?? '';
}

describe.skipIf(executablePath === undefined)('the client in a real browser', () => {
  let system: LocalProgram;
  let browser: Browser;
  let site: HttpServer;
  let page: Page;
  let folder = '';
  let origin = '';
  const faults: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(ROOT, '.cache/browser-'));
    await buildClient(folder);
    system = await startLocal(3);
    const html = example().replace('https://play.example.com', system.api);
    site = createHttpServer({
      handler: ({ path }) =>
        path === '/browser.mjs'
          ? {
              status: 200,
              headers: { 'content-type': 'text/javascript' },
              body: readFileSync(join(folder, 'browser.mjs'), 'utf8'),
            }
          : { status: 200, headers: { 'content-type': 'text/html' }, body: path === '/play' ? html : '<p>empty' },
    });
    const { port } = await site.listen(0, '127.0.0.1');
    // An origin of its own: every call to the door crosses origins.
    origin = `http://localhost:${port}`;
    browser = await chromium.launch({ executablePath: executablePath!, args: CHROMIUM_FLAGS });
    page = await browser.newPage();
    page.on('pageerror', (error) => faults.push(error.message));
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close(0);
    await system?.stop();
    rmSync(folder, { recursive: true });
    expect(faults).toEqual([]);
  });

  const inPage = <T>(code: string): Promise<T> =>
    page.evaluate(
      `(async () => { const onedoor = await import('/browser.mjs'); const door = '${system.api}'; ${code} })()`,
    );

  it('runs the page of the documentation', async () => {
    await page.goto(`${origin}/play`);
    await page.waitForFunction("document.body.textContent.includes('playing on')");
    expect(await page.textContent('body')).toMatch(/playing on srv-\d+\.0/);
  });

  it('joins, goes to another server when the first is lost, and comes back after a reload', async () => {
    await page.goto(origin);
    const before = await inPage<{ state: unknown; servers: string[]; tickets: boolean[] }>(`
      const session = await onedoor.connect({ door, client: 'alice' });
      const servers = [session.server.id];
      const tickets = [session.ticket !== undefined];
      const moved = new Promise((resolve) => session.on('reassigned', resolve));
      session.lost();
      await moved;
      servers.push(session.server.id);
      tickets.push(session.ticket !== undefined);
      localStorage.setItem('session', JSON.stringify(session.state()));
      return { servers, tickets };`);
    expect(new Set(before.servers).size).toBe(2);
    expect(before.tickets).toEqual([true, true]);

    await page.reload();
    const after = await inPage<{ id: string; resumed: boolean; client: string }>(`
      const resume = JSON.parse(localStorage.getItem('session'));
      const session = await onedoor.connect({ door: 'http://127.0.0.1:1', resume });
      return { id: session.server.id, resumed: session.resumed, client: session.client };`);
    expect(after).toEqual({ id: before.servers[1], resumed: true, client: 'alice' });
  });

  it('chooses by the roster, and reads the menu', async () => {
    await page.goto(origin);
    const seen = await inPage<{ id: string; apps: string[]; servers: string[] }>(`
      const { servers } = await onedoor.roster({ door });
      const session = await onedoor.connect({ door, choose: (all) => all.at(-1).id });
      const apps = (await onedoor.menu({ door })).map(({ app }) => app);
      return { id: session.server.id, apps, servers: servers.map(({ id }) => id) };`);
    expect(seen).toEqual({ id: system.servers.at(-1), apps: ['world'], servers: [...system.servers].sort() });
  });

  it('starts from the kept roster while the door is away, and not from one that was changed', async () => {
    await page.goto(origin);
    const seen = await inPage<{ kept: boolean; id: string; ticket: boolean; forged: string }>(`
      let kept;
      const cache = { load: () => kept, save: (text) => { kept = text; } };
      await onedoor.connect({ door, cache });
      for (let n = 0; n < 400 && kept === undefined; n++) await new Promise((resolve) => setTimeout(resolve, 25));
      const away = { door: 'http://127.0.0.1:1', cache, timeoutMs: 4000 };
      const session = await onedoor.connect(away);
      kept = kept?.replaceAll('${system.network}', '127.0.66.');
      const forged = await onedoor.connect(away).then(() => 'joined', ({ code }) => code);
      return { kept: kept !== undefined, id: session.server.id, ticket: session.ticket !== undefined, forged };`);
    expect(seen).toMatchObject({ kept: true, ticket: false, forged: 'client.no-answer' });
    expect(system.servers).toContain(seen.id);
  });

  it('says which name is wrong', async () => {
    await page.goto(origin);
    expect(
      await inPage(`return onedoor.connect({ door, app: 'chess' }).then(() => 'joined', ({ code }) => code);`),
    ).toBe('assign.unknown-app');
  });
});
