import { get } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHttpServer } from '../../../adapters/http/server.ts';
import { createLobbyHandler, type LobbyFacts } from '../../../agents/lobby.ts';
import { createLobbyFeed } from '../../../agents/lobby-feed.ts';
import { until } from '../../support/until.ts';

const FACTS: LobbyFacts = {
  id: 'i-a.0',
  app: 'arena',
  world: 'w1',
  group: 'g1',
  sessions: 1,
  capacity: 4,
  state: 'ready',
  description: '',
  participants: ['ann', 'ann'],
};

interface Told {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** A lobby on a port of its own, which `set` changes. */
async function aLobby() {
  let now = FACTS;
  const handler = createLobbyHandler(
    () => now,
    createLobbyFeed(() => now),
  );
  const server = createHttpServer({ handler });
  const { port } = await server.listen(0, '127.0.0.1');
  onTestFinished(() => server.close(0));
  return {
    set(change: Partial<LobbyFacts>): void {
      now = { ...now, ...change };
    },
    stop: () => server.close(0),
    listen() {
      let text = '';
      let isOver = false;
      const request = get({ port, host: '127.0.0.1', path: '/events', agent: false }, (reply) => {
        expect(reply.headers['content-type']).toBe('text/event-stream');
        expect(reply.headers['access-control-allow-origin']).toBe('*');
        reply.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        reply.on('close', () => (isOver = true));
        reply.on('error', () => {});
      });
      request.on('error', () => {});
      onTestFinished(() => void request.destroy());
      const told = (): Told[] =>
        [...text.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, event = '', data = '']) => ({
          event,
          data: JSON.parse(data),
        }));
      return { told, leave: () => request.destroy(), isOver: () => isOver };
    },
  };
}

describe('the lobby as it changes', () => {
  it('tells all there is first, then who joins and leaves, then what else is new', async () => {
    const lobby = await aLobby();
    const ear = lobby.listen();
    await until(() => ear.told().length === 1);
    expect(ear.told()).toEqual([{ event: 'lobby', data: FACTS }]);
    lobby.set({ participants: ['ann', 'bob'] });
    await until(() => ear.told().length === 3);
    expect(ear.told().slice(1)).toEqual([
      { event: 'left', data: { name: 'ann' } },
      { event: 'joined', data: { name: 'bob' } },
    ]);
    lobby.set({ description: 'second half' });
    await until(() => ear.told().length === 4);
    expect(ear.told()[3]).toMatchObject({
      event: 'lobby',
      data: { description: 'second half', participants: ['ann', 'bob'] },
    });
  });

  it('tells everybody who listens the same, and who comes later how it is', async () => {
    const lobby = await aLobby();
    const first = lobby.listen();
    await until(() => first.told().length === 1);
    lobby.set({ participants: [] });
    const second = lobby.listen();
    await until(() => second.told().length > 0 && first.told().length === 3);
    expect(second.told()).toEqual([{ event: 'lobby', data: { ...FACTS, participants: [] } }]);
    first.leave();
    lobby.set({ sessions: 0 });
    await until(() => second.told().length === 2);
  });

  it('cuts off who does not read', async () => {
    let stopped = false;
    const handler = () => ({
      ...{ status: 200, headers: {}, body: 'first' },
      goOn(write: (text: string) => void) {
        const timer = setInterval(() => write('x'.repeat(1_000_000)), 1);
        return () => {
          clearInterval(timer);
          stopped = true;
        };
      },
    });
    const server = createHttpServer({ handler });
    const { port } = await server.listen(0, '127.0.0.1');
    onTestFinished(() => server.close(0));
    const request = get({ port, host: '127.0.0.1', agent: false }, (reply) => void reply.on('error', () => {}).pause());
    request.on('error', () => {});
    onTestFinished(() => void request.destroy());
    await until(() => stopped);
  });

  it('ends with the agent', async () => {
    const lobby = await aLobby();
    const ear = lobby.listen();
    await until(() => ear.told().length === 1);
    await lobby.stop();
    await until(() => ear.isOver());
  });

  it('refuses more listeners than it can write to', () => {
    const feed = createLobbyFeed(() => FACTS);
    const stops = Array.from({ length: 256 }, () => feed.answer({}).goOn?.(() => {}));
    expect(feed.answer({}).status).toBe(503);
    stops[0]?.();
    expect(feed.answer({}).status).toBe(200);
    for (const stop of stops.slice(1)) stop?.();
  });
});
