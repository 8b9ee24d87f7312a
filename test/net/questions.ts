import { parseAddress, toWireAddress } from '../../core/wire/address.ts';
import { encodeRequest } from '../../core/wire/encode-request.ts';
import { type RequestFields, WANT } from '../../core/wire/packet.ts';
import type { NatLab } from './lab.ts';
import { DOORS, GAME_PORT, PROBE_PORT, SERVERS } from './places.ts';

export type Mode = keyof typeof DOORS;

const PUNCH = '00';
const V4 = toWireAddress(Uint8Array.of(0, 0, 0, 0));
const V6 = parseAddress('2001:db8:c::2') as Uint8Array;

/** Which address of a door or server is meant: 0 for IPv4, 1 for IPv6. */
type Family = 0 | 1;
const SERVER = [SERVERS.one, SERVERS.six] as const;

let nonces = 0;

function request(fields: Partial<RequestFields>, padTo: number): string {
  const nonce = new Uint8Array(8);
  new DataView(nonce.buffer).setUint32(4, ++nonces);
  return Buffer.from(encodeRequest({ address: V4, nonce, ...fields }, { padTo })).toString('hex');
}

/** Sends from a socket of the client; gives where that seems to come from. */
async function send(lab: NatLab, socket: number, to: string, hex: string): Promise<string> {
  const since = lab.box.lines.length;
  await lab.client.tell({ order: 'send', socket, to, port: PROBE_PORT, hex });
  return await lab.seenAs(`${to} ${PROBE_PORT}`, since);
}

/** What becomes of one request to a door by UDP. */
export async function askDoor(lab: NatLab, mode: Mode, family: Family = 0): Promise<string> {
  const [door, server] = [DOORS[mode][family], SERVER[family]];
  const from = `${server} ${PROBE_PORT}`;
  const fields = { address: family === 0 ? V4 : V6, nonce: crypto.getRandomValues(new Uint8Array(8)) };
  const [first, again] = [lab.newSocket(), lab.newSocket()];
  const seen = await send(lab, first, door, request(fields, 800));
  const heard = () => lab.heard(first).find(({ hex }) => hex !== PUNCH);
  // What a notified server sends is no answer.
  const isLost = () => mode === 'server' && lab.fate(from, seen) === 'dropped';
  await lab.until('an answer comes or is dropped', () => heard() !== undefined || isLost());
  const answer = heard();
  if (answer) return answer.from === from ? 'from the server' : 'from the door';
  await send(lab, again, door, request({ ...fields, want: WANT.noDirectAnswer }, 800));
  const late = await lab.until('the repeat is answered', () => lab.heard(again)[0]);
  return late.from === `${door} ${PROBE_PORT}` ? 'lost; repeat: from the door' : 'lost, twice';
}

/** Whether the byte of a notified server reaches the client. */
export async function punchArrives(lab: NatLab): Promise<string> {
  const socket = lab.newSocket();
  const seen = await send(lab, socket, DOORS.notify[0], request({}, 800));
  await lab.until('the door answers', () => lab.heard(socket).some(({ hex }) => hex !== PUNCH));
  const fate = await lab.until('the byte is sent', () => lab.fate(`${SERVERS.one} ${PROBE_PORT}`, seen));
  if (fate === 'dropped') return fate;
  await lab.until('the byte is heard', () => lab.heard(socket).some(({ hex }) => hex === PUNCH));
  return 'arrives';
}

/** Who answers a request to a door by TCP. */
export async function askByTcp(lab: NatLab, mode: Mode): Promise<string> {
  const socket = lab.newSocket();
  const hex = request({}, 0);
  await lab.client.tell({ order: 'tcp', socket, to: DOORS[mode][0], port: PROBE_PORT, hex });
  const answer = await lab.until('an answer by TCP', () => lab.heard(socket)[0]);
  return answer.from === `${DOORS[mode][0]} ${PROBE_PORT}` ? 'from the door' : answer.from;
}

/** On a busy machine an answer may take longer than the SDK waits before it tries the next way as well. */
const SDK_TRIES = 5;

/** By which way the SDK comes to a session: the first one that it tries of those that work. */
export async function sdk(lab: NatLab, mode: Mode, best: string, family: Family = 0): Promise<string> {
  const door = family === 0 ? DOORS[mode][0] : `[${DOORS[mode][1]}]`;
  const http = family === 0 ? `http://${DOORS[mode][0]}` : false;
  let way = '';
  for (let tries = 0; tries < SDK_TRIES && way !== best; tries++) {
    const { via, server, error } = await lab.client.tell({ order: 'connect', door, http });
    way = server === SERVER[family] ? String(via) : String(error);
  }
  return way;
}

/** Whether the first keepalive gets through to a server behind a firewall, after the door has assigned the client. */
export async function firstKeepalive(
  lab: NatLab,
  mode: Mode,
  { isSameSocket = false, needsRule = false } = {},
): Promise<string> {
  const asked = lab.newSocket();
  const { one: to } = SERVERS;
  const server = `${to} ${PROBE_PORT}`;
  const seen = await send(lab, asked, DOORS[mode][0], request({}, 800));
  await lab.until('the door answers', () => lab.heard(asked).some(({ hex }) => hex !== PUNCH));
  // The server's byte comes at about the time of the door's answer, perhaps after it.
  if (mode === 'notify') await lab.until('the server sends its byte', () => lab.fate(server, seen));
  if (needsRule) await lab.until('the rule is there', () => lab.isAllowed());
  const socket = isSameSocket ? asked : lab.newSocket();
  const already = lab.heard(socket).length;
  const before = lab.dropsTo(server);
  await lab.client.tell({ order: 'send', socket, to, port: PROBE_PORT, hex: request({}, 96) });
  const isHeard = () =>
    lab
      .heard(socket)
      .slice(already)
      .some(({ from, hex }) => from === server && hex !== PUNCH);
  await lab.until('the keepalive is answered or dropped', () => isHeard() || lab.dropsTo(server) > before);
  return isHeard() ? 'passes' : 'dropped';
}

/** The NAT's clock goes on; in step with the real one, or at once. */
async function pass(lab: NatLab, seconds: number, isReal: boolean): Promise<void> {
  if (!isReal) {
    await lab.box.tell({ advance: seconds * 1_000 });
    return;
  }
  for (let second = 0; second < seconds; second++) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await lab.box.tell({ advance: 1_000 });
  }
}

/**
 * What a session of the SDK has of its NAT after `words` keepalives, between which this much of the NAT's time has passed:
 * whether it is still there, and still seen at the same place.
 */
export async function sessionAfterIdle(lab: NatLab, words: number, everySeconds: number): Promise<string> {
  const to = `${SERVERS.one} ${PROBE_PORT}`;
  const since = lab.box.lines.length;
  const { via } = await lab.client.tell({ order: 'hold', door: DOORS.door[0] });
  const protocol = via === 'tcp' ? 'tcp' : 'udp';
  const places = () => lab.sources(protocol, to, since);
  await lab.until('the ticket is shown', () => places().length > 0);
  for (let word = 0; word < words; word++) {
    const before = places().length;
    await lab.box.tell({ advance: everySeconds * 1_000 });
    await lab.until('the next keepalive passes', () => places().length > before);
  }
  const { lost } = await lab.client.tell({ order: 'release' });
  const isSame = new Set(places()).size === 1;
  return `${via}: ${lost === 0 ? 'goes on' : 'lost'}, seen at ${isSame ? 'the same place' : 'another place'}`;
}

/** Whether the game's push arrives after three minutes in which the client sent this often, to this port. */
export async function pushAfterIdle(
  lab: NatLab,
  everySeconds: number,
  port: number,
  { isReal = false } = {},
): Promise<string> {
  const socket = lab.newSocket();
  const { one: to } = SERVERS;
  const say = async (text: string, toPort: number): Promise<void> => {
    const hex = toPort === GAME_PORT ? Buffer.from(text).toString('hex') : request({}, 96);
    const already = lab.heard(socket).length;
    await lab.client.tell({ order: 'send', socket, to, port: toPort, hex });
    await lab.until(`${text} is answered`, () => lab.heard(socket).length > already);
  };
  await say('hello', GAME_PORT);
  for (let seconds = 0; seconds + everySeconds < 180; seconds += everySeconds) {
    await pass(lab, everySeconds, isReal);
    await say('still here', port);
  }
  // The game speaks when the last word is as old as it gets.
  await pass(lab, everySeconds - 1, isReal);
  const before = lab.dropsFrom(`${to} ${GAME_PORT}`);
  await lab.internet.tell({ order: 'push' });
  const isHeard = () => lab.heard(socket).some(({ hex }) => hex === Buffer.from('push').toString('hex'));
  await lab.until('the push comes or is dropped', () => isHeard() || lab.dropsFrom(`${to} ${GAME_PORT}`) > before);
  return isHeard() ? 'arrives' : 'lost';
}
