import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DOOR_MALLOC, DOOR_NODE_FLAGS } from '../../../door/node-flags.ts';

describe('the gateway’s systemd unit', () => {
  it('tells Node and its malloc what the local system tells them', () => {
    const unit = readFileSync('lib/boot/onedoor-door.service', 'utf8');
    const malloc = Object.entries(DOOR_MALLOC).map(([name, value]) => `${name}=${value}`);
    expect(unit).toContain(`Environment=${malloc.join(' ')}\n`);
    expect(unit).toContain(`ExecStart=/opt/onedoor/node ${DOOR_NODE_FLAGS.join(' ')} /opt/onedoor/door.mjs `);
  });
});
