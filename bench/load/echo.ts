/** The bare echo that the gateway is measured against: `dgram` at its best setting, nothing else. */
import { createSocket } from 'node:dgram';

const socket = createSocket({
  type: 'udp4',
  recvBufferSize: 4 * 1024 * 1024,
  lookup: (hostname, _options, callback) => callback(null, hostname, 4),
});
socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address));
socket.bind(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'));
