import { describe, expect, it } from 'vitest';
import type { Grant, NamedServer } from '../../../core/session/types.ts';
import { aWorld } from '../../support/session-world.ts';
import { errorFields } from '../../support/sim-servers.ts';

function named(index: number, id = `i-${index}.0`): NamedServer {
  return { id, address: Uint8Array.of(203, 0, 113, index), ports: { game: 27_000, probe: 7_000 } };
}

const keepalive = { intervalSeconds: 20, transmissions: 10, timeoutMs: 700 };
const saved: Grant = { server: named(1), ticket: 'ticket-of-yesterday', keepalive, alternates: [named(2, '')] };

describe('a session that goes on after a restart', () => {
  it('is on the same server with the same ticket, without the door', () => {
    const { client, door, servers, run } = aWorld({ client: { resume: saved } });

    run(300);

    expect(client.all('assigned')).toMatchObject([
      { grant: { server: { id: 'i-1.0' }, ticket: 'ticket-of-yesterday' }, resumed: true },
    ]);
    expect(door.requests).toEqual([]);
    expect(servers[0]!.requests.map(({ ticket }) => ticket)).toEqual(['ticket-of-yesterday']);
  });

  it('is at an alternate with the same ticket where its server has died meanwhile', () => {
    const { client, door, servers, run } = aWorld({ client: { resume: saved } });
    servers[0]!.state = 'silent';

    run(5_000);

    expect(client.all('assigned')).toMatchObject([{ grant: { server: { id: 'i-2.0' } }, resumed: false }]);
    expect(servers[1]!.requests[0]!.ticket).toBe('ticket-of-yesterday');
    expect(door.requests).toEqual([]);
  });

  it('asks the door, which is told, where nobody of them is left', () => {
    const { client, door, servers, run } = aWorld({ servers: 3, client: { resume: saved } });
    servers[0]!.state = 'silent';
    servers[1]!.state = 'silent';

    run(6_000);

    expect(client.all('assigned')).toMatchObject([{ grant: { server: { id: 'i-3.0' } }, resumed: false }]);
    expect(door.requests[0]).toMatchObject({ avoid: ['i-1.0'], ticket: 'ticket-of-yesterday', report: 1 });
  });

  it('does not show a ticket to others that its own server refused', () => {
    const { client, servers, run } = aWorld({ servers: 3, client: { resume: saved } });
    servers[0]!.reaction = (request) => errorFields(request, 7);

    run(3_000);

    expect(client.all('assigned')).toHaveLength(1);
    const shown = servers[1]!.requests.filter(({ ticket }) => ticket === 'ticket-of-yesterday');
    expect(shown).toEqual([]);
  });

  it('goes on without a ticket where there was none', () => {
    const { ticket: _, ...bare } = saved;
    const { client, door, servers, run } = aWorld({ client: { resume: bare } });
    run(300);
    expect(client.all('assigned')).toMatchObject([{ resumed: true }]);
    expect(door.requests).toEqual([]);

    servers[0]!.state = 'silent';
    run(60_000);
    expect(client.all('reassigned')).toHaveLength(1);
  });
});
