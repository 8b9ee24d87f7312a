import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type OnedoorError, type Session } from '../../client/index.ts';
import { encodeClassic } from '../../core/wire/classic-packet.ts';
import { type FakeDoor, startFakeDoor } from '../../tools/fake-door/fake-door.ts';
import { type ExpectedEvent, type Fault, readFaultTable } from '../../tools/fake-door/table.ts';
import { freePorts } from '../support/free-ports.ts';
import { until } from '../support/until.ts';

const table = readFaultTable();
let door: FakeDoor;
beforeAll(async () => {
  door = await startFakeDoor({ basePort: await freePorts(table.ports) });
});
afterAll(() => door.close());

/** Everything that a session tells from its first server on. */
function listen(session: Session): ExpectedEvent[] {
  const events: ExpectedEvent[] = [{ event: 'assigned', server: session.server.id, via: session.via }];
  session.on('lost', ({ server, reason, code }) => {
    events.push({ event: 'lost', server: server.id, reason, ...(code && { code }) });
  });
  session.on('moving', () => events.push({ event: 'moving' }));
  session.on('reassigned', ({ server, via }) => events.push({ event: 'reassigned', server: server.id, via }));
  return events;
}

/** Plays one fault with a client of the library until it has told what is expected. */
async function play({ fault, expect: wanted, withinMs, never = [] }: Fault): Promise<ExpectedEvent[]> {
  const address = `127.0.0.1:${door.port(fault)}`;
  // A client that waits tells so when `connect` gives up.
  const gives = wanted.some(({ event }) => event === 'assigned');
  const opening = connect({ door: address, http: `http://${address}`, timeoutMs: gives ? 30_000 : withinMs });
  if (!gives) return [await opening.then(() => ({ event: 'assigned' as const }), refusalOf)];
  const session = await opening;
  const events = listen(session);
  await until(() => events.length >= wanted.filter(({ event }) => event !== 'waiting').length, 30_000);
  if (never.length > 0) await once(AbortSignal.timeout(withinMs), 'abort');
  await session.close();
  return events.filter(({ event }) => event !== 'moving' || wanted.some((each) => each.event === 'moving'));
}

function refusalOf({ code }: OnedoorError): ExpectedEvent {
  return { event: code.startsWith('assign.unknown') ? 'failed' : 'waiting', code };
}

describe('the fake door', () => {
  it('makes a client of the library tell what its table promises, fault by fault', async () => {
    const results = await Promise.all(
      table.faults.map(async (each) => ({ fault: each.fault, events: await play(each).catch(String) })),
    );

    const wanted = table.faults.map(({ fault, expect: events }) => {
      // Refusals before the first server are no events of a session.
      const told = events.some(({ event }) => event === 'assigned')
        ? events.filter(({ event }) => event !== 'waiting')
        : events.slice(0, 1).map(({ event, code }) => ({ event, code }));
      return { fault, events: told.map((event) => expect.objectContaining(event)) };
    });
    expect(results).toEqual(wanted);
    expect(door.count('i-wrong.0')).toBe(0);
  }, 120_000);

  it('answers classic requests too', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const answers: string[] = [];
    socket.on('message', (bytes) => answers.push(bytes.toString('hex')));
    const ask = setInterval(
      () => socket.send(encodeClassic(new Uint8Array(4)), door.port('healthy'), '127.0.0.1'),
      200,
    );
    await until(() => answers.length > 0);
    clearInterval(ask);
    socket.close();

    expect(answers[0]).toBe('0008ffff7f000001');
  });

  it('has a page that says what a right client does on each port', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/FAKE-DOOR.md'), 'utf8');

    for (const { fault, port, client } of table.faults)
      expect(page).toContain(`| ${port} | \`${fault}\` | ${client} |`);
  });

  it('has ports of their own for all faults and servers', () => {
    const ports = [...table.faults, ...Object.values(table.servers)].map(({ port }) => port).concat(table.gamePort);

    expect(new Set(ports).size).toBe(ports.length);
    expect(Math.max(...ports)).toBeLessThan(table.ports);
  });
});
