import { createSocket } from 'node:dgram';
import { expect, it } from 'vitest';
import { encodeRequest } from '../../../core/wire/encode-request.ts';
import { checkReply, noteRequest } from '../../support/reply-size.ts';
import { aRequest, aResponse, mustEncode } from './builders.ts';

it('the check of every UDP reply in every test finds one that is a byte longer than its request', () => {
  const reply = mustEncode(aResponse({ error: { code: 1, retryAfterMs: 2, reason: 'full' } }));
  const request = (bytes: number) => encodeRequest(aRequest(), { padTo: bytes });
  expect(request(reply.length)).toHaveLength(reply.length);
  checkReply(reply);
  noteRequest(request(reply.length - 4));
  const socket = createSocket('udp4');
  const from = { address: '127.0.0.1', family: 'IPv4', port: 1, size: reply.length } as const;
  expect(() => socket.emit('message', Buffer.from(reply), from)).toThrow('a reply over UDP must have at most');
  socket.close();
  noteRequest(request(reply.length));
  checkReply(reply);
});
