import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DOOR_NODE_FLAGS } from '../../../door/node-flags.ts';

describe('the gateway’s systemd unit', () => {
  it('tells Node what the local system tells it', () => {
    const unit = readFileSync('lib/boot/onedoor-door.service', 'utf8');
    expect(unit).toContain(`ExecStart=/opt/onedoor/node ${DOOR_NODE_FLAGS.join(' ')} /opt/onedoor/door.mjs `);
  });
});
