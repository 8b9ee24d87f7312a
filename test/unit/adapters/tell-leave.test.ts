import { afterEach, describe, expect, it } from 'vitest';
import { createSystemRng } from '../../../adapters/system/system-rng.ts';
import { createTellLeave } from '../../../adapters/udp/tell-leave.ts';
import { openUdp, type UdpEndpoint } from '../../../adapters/udp/udp-endpoint.ts';
import { decodePacket } from '../../../core/wire/decode.ts';
import { encodeResponse } from '../../../core/wire/encode-response.ts';
import type { ErrorFields, ExtendedRequest } from '../../../core/wire/packet.ts';
import { aServer } from '../../support/builders.ts';
import { until } from '../../support/until.ts';

const open: UdpEndpoint[] = [];
afterEach(async () => {
  for (const endpoint of open.splice(0)) await endpoint.close();
});

/** An agent that answers all requests but the first few. */
async function anAgent({ lost = 0, error }: { readonly lost?: number; readonly error?: ErrorFields } = {}) {
  const heard: ExtendedRequest[] = [];
  const endpoint = await openUdp({
    bind: '127.0.0.1',
    port: 0,
    handler: (bytes) => {
      const decoded = decodePacket(bytes, { expect: 'request' });
      if (!decoded.ok || decoded.packet.kind !== 'extended') throw new Error('no extended request');
      const { nonce, address } = decoded.packet;
      heard.push(decoded.packet);
      const fields = error ? { address, nonce, error } : { address, nonce, server: 'i-a.0' };
      const answer = encodeResponse(fields, { maxBytes: bytes.length });
      return heard.length > lost && answer.ok ? answer.bytes : undefined;
    },
  });
  open.push(endpoint);
  const { server } = aServer({ ipv4: '127.0.0.1' });
  return { heard, server: { ...server, ports: { game: 1, probe: endpoint.port } } };
}

/** Patient: a busy machine may stand still for seconds. */
const teller = (giveUpMs = 20_000) =>
  createTellLeave({ rng: createSystemRng(), type: 0xffff, isProbePort: () => false, giveUpMs });

describe('telling an agent that a client leaves', () => {
  it('shows it the ticket and takes its word', async () => {
    const agent = await anAgent();
    expect(await teller()(agent.server, 'ticket')).toBe(true);
    expect(agent.heard[0]).toMatchObject({ ticket: 'ticket', leave: true });
  });

  it('says it again where an answer is lost, and is the same request then', async () => {
    const agent = await anAgent({ lost: 1 });
    expect(await teller()(agent.server, 'ticket')).toBe(true);
    const [first, again] = agent.heard;
    expect(again).toEqual(first);
  });

  it('has told nothing where the agent refuses or nobody answers', async () => {
    const refusing = await anAgent({ error: { code: 7, retryAfterMs: 0, reason: '' } });
    expect(await teller()(refusing.server, 'ticket')).toBe(false);
    const silent = await anAgent({ lost: 99 });
    expect(await teller(500)(silent.server, 'ticket')).toBe(false);
    await until(() => silent.heard.length > 1);
    const { server } = aServer();
    expect(await teller()({ ...server, ports: { game: 1 } }, 'ticket')).toBe(false);
  });

  it('never asks from a probe port', async () => {
    const agent = await anAgent();
    let looks = 0;
    const isProbePort = () => ++looks < 4;
    const tell = createTellLeave({ rng: createSystemRng(), type: 0xffff, isProbePort, giveUpMs: 20_000 });
    expect(await tell(agent.server, 'ticket')).toBe(true);
    expect(looks).toBe(4);
    expect(agent.heard.length).toBeGreaterThan(0);
  });
});
