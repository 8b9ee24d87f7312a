import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Arena, startArena } from '../../examples/arena/run.ts';
import { CHROMIUM_FLAGS, findChromium } from '../support/chromium.ts';
import { ownPlace } from '../support/local-program.ts';
import { until } from '../support/program.ts';

/** Output of this test: look at them when the page has changed. */
const PICTURES = join(import.meta.dirname, '../../.cache/examples');
const WAIT_MS = 40_000;
const BOTS = 8;

const executablePath = findChromium();

async function anArena(): Promise<Arena> {
  const { flags } = await ownPlace();
  const arena = await startArena(flags, () => {});
  onTestFinished(() => arena.stop());
  return arena;
}

const botsOn = ({ bots }: Arena, id: string) => bots.filter((bot) => bot.server() === id);
const allPlay = (arena: Arena) =>
  until('every bot plays', () => arena.bots.every((bot) => bot.server() !== undefined), WAIT_MS);

describe('the arena', () => {
  it('has bots on both servers, and all on one when the other dies', async () => {
    const arena = await anArena();
    const [first, second] = arena.servers as [Arena['servers'][0], Arena['servers'][0]];
    await allPlay(arena);
    await until(
      'some play on each server, and the lobby names them',
      async () => {
        const there = botsOn(arena, first.id).map(({ name }) => name);
        const { participants } = (await (await fetch(first.lobby)).json()) as { participants: string[] };
        const isEach = there.length > 0 && botsOn(arena, second.id).length > 0;
        return isEach && participants.sort().join() === there.sort().join();
      },
      WAIT_MS,
    );
    first.kill();
    await until('all bots are on the other server', () => botsOn(arena, second.id).length === BOTS, WAIT_MS);
    await until('each sees all', () => arena.bots.every((bot) => bot.sees().length === BOTS), WAIT_MS);
  });
});

describe.skipIf(executablePath === undefined)('the arena in a real browser', () => {
  it('lets a page play among bots, and go on with them when its server dies', async () => {
    const arena = await anArena();
    mkdirSync(PICTURES, { recursive: true });
    const browser = await chromium.launch({ executablePath: executablePath!, args: CHROMIUM_FLAGS });
    onTestFinished(() => browser.close());
    const faults: string[] = [];
    const open = async (options: BrowserContextOptions): Promise<Page> => {
      const page = await (await browser.newContext(options)).newPage();
      page.setDefaultTimeout(WAIT_MS);
      page.on('pageerror', ({ message }) => faults.push(message));
      await page.goto(arena.page);
      await page.waitForFunction('document.body.dataset.players > 1');
      return page;
    };
    const where = (page: Page) => page.evaluate<string>('document.body.dataset.server');
    await allPlay(arena);
    const page = await open({ viewport: { width: 800, height: 1_000 } });
    const from = await where(page);
    const seen = () => arena.bots.some((bot) => bot.sees().some((name) => name.startsWith('you-')));
    await until('a bot sees the player', seen, WAIT_MS);
    await page.keyboard.down('ArrowRight');
    const phone = await open({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    expect(await phone.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await page.screenshot({ path: join(PICTURES, 'arena.png') });
    await phone.screenshot({ path: join(PICTURES, 'arena-phone.png') });

    arena.servers.find(({ id }) => id === from)!.kill();
    // All bots, the page and the phone.
    await page.waitForFunction(`document.body.dataset.players == ${BOTS + 2}`);
    expect(await where(page)).not.toBe(from);
    expect(await where(phone)).toBe(await where(page));
    expect(faults).toEqual([]);
  });
});
