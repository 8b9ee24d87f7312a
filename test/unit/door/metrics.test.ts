import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { createMemoryStore } from '../../../adapters/memory/registry-store.ts';
import { parseRuntimeConfig } from '../../../core/config/runtime-config.ts';
import { METRICS, type MetricName, metricInfo } from '../../../core/metrics/catalogue.ts';
import { createRosterWriter } from '../../../core/registry/roster-pass.ts';
import { rowKey } from '../../../core/registry/row.ts';
import { encodeClassic } from '../../../core/wire/classic-packet.ts';
import { composeDoor } from '../../../door/compose.ts';
import { createHealthHandler } from '../../../door/health.ts';
import { aServer } from '../../support/builders.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { seededRng } from '../../support/seeded-rng.ts';
import { keysOf } from '../../support/tickets.ts';

const GEN = '00000000000000aa';

it('GET /metrics of a gateway has what it counted and how its pools stand, each in the catalogue', async () => {
  const store = createMemoryStore();
  const clock = fakeClock();
  const key = rowKey('test:a', 0);
  const { server } = aServer({ id: 'a.0', ipv4: '203.0.113.7', maxCapacity: 8 });
  await store.write(key, { kind: 'create', gen: GEN, nowMs: 1 });
  await store.place(key, server);
  const writer = createRosterWriter({ store, clock });
  for (const beat of [1, 2]) {
    const counts = { hb: 0, sessions: 3, capacity: 8, state: 'ready' } as const;
    await store.write(key, { kind: 'beat', gen: GEN, beat, addFree: beat === 1 ? 5 : 0, ...counts });
    await writer.pass();
  }
  const door = composeDoor({
    config: parseRuntimeConfig(JSON.stringify({ defaultApp: server.app })),
    ownPort: 7_000,
    store,
    signer: keysOf().signer,
    cookieMac: (data) => createHmac('sha256', 'k').update(data).digest(),
    clock,
    rng: seededRng(1),
  });
  await door.roster.refresh();
  door.sweep();
  const source = { address: '198.51.100.7', port: 40_000, protocol: 17 } as const;
  await door.handle(encodeClassic(Uint8Array.of(192, 168, 1, 7)), source);
  await door.handle(Uint8Array.of(1, 2), source);
  door.detections.took(1_500);
  const handler = createHealthHandler(
    door,
    {
      ...{ stopping: false, version: 'test', unreadable: () => 2, queueAgeMs: () => 30, siblings: () => [] },
      probing: () => ({ watched: 1, probers: 1, suspects: [], degraded: true, stalls: 4 }),
      udpAliveAtMs: () => clock.monoMs(),
    },
    clock,
  );
  const answer = await handler({ method: 'GET', path: '/metrics', headers: {}, sourceAddress: '' });
  const text = String(answer.body);
  const pool = `{app="${server.app}",world="${server.world}",group="${server.group}"}`;
  for (const line of [
    'onedoor_classic_answers_total{outcome="given"} 1',
    'onedoor_drops_total{reason="short"} 1',
    `onedoor_pool_ready_servers${pool} 1`,
    `onedoor_pool_stale_servers${pool} 0`,
    `onedoor_pool_sessions${pool} 3`,
    `onedoor_pool_capacity${pool} 8`,
    'onedoor_queue_age_seconds 0.03',
    'onedoor_unreadable_items_total 2',
    'onedoor_stalls_total 4',
    'onedoor_degraded{what="probing"} 1',
    'onedoor_answer_seconds_count 1',
    'onedoor_detection_seconds_count 1',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  for (const [, name] of text.matchAll(/^# TYPE (\w+) /gm)) {
    expect(METRICS).toHaveProperty(name!);
    expect(metricInfo(name as MetricName).at).toContain('gateway');
  }
  const shape = /^(# (HELP|TYPE) onedoor_\w+ .+|onedoor_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [0-9.e+-]+)$/;
  for (const line of text.trimEnd().split('\n')) expect(line).toMatch(shape);
});
