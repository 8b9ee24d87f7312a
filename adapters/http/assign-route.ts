import { createHash } from 'node:crypto';
import type { Assigner } from '../../core/assign/assigner.ts';
import type { SameAnswer } from '../../core/assign/same-answer.ts';
import type { Assignment, AssignRequest } from '../../core/assign/types.ts';
import { oncePer } from '../../core/once-per.ts';
import type { Placement } from '../../core/registry/row.ts';
import { parseAddress } from '../../core/wire/address.ts';
import type { KeepaliveTiming } from '../../core/wire/packet.ts';
import { badRequest, jsonAnswer } from './answer.ts';
import type { Handlers } from './router.ts';
import type { AssignmentRequest, ServerAnswer } from './schemas.ts';

/** Whoever asks without an address (a test in the console of the cloud). */
const NO_ADDRESS = new Uint8Array(4);
/** Packets over TCP and HTTP alike (IANA protocol number). */
const TCP = 6;
const encoder = new TextEncoder();
/** So long that no two clients think of the same one by chance: whoever knows it gets the same seat. */
const KEY = /^[\x21-\x7e]{16,128}$/;
const BAD_KEY = badRequest([{ path: 'Idempotency-Key', message: 'must be 16 to 128 visible characters of ASCII' }]);

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** `POST /v1/assignments` */
export function createAssignRoute(deps: {
  readonly assigner: Pick<Assigner, 'assign'>;
  readonly same: SameAnswer;
  readonly keepalive: KeepaliveTiming;
}): Handlers['assign'] {
  const keepalive = JSON.stringify(deps.keepalive);
  return async ({ request, body }) => {
    const { party } = body;
    if (party && body.client !== undefined)
      return badRequest([{ path: 'client', message: 'must not be beside party' }]);
    const asked = toAssignRequest(body, request.sourceAddress);
    const key = request.headers['idempotency-key'];
    if (key !== undefined && !KEY.test(key)) return BAD_KEY;
    const outcome =
      key === undefined
        ? await deps.assigner.assign(asked)
        : await deps.same.assign(asked, digest(key), digest(JSON.stringify(body)));
    if (!outcome.ok) return outcome;
    return jsonAnswer(201, answerText(outcome, party, keepalive));
  };
}

/** An AssignmentAnswer as JSON, of texts that are made once for each server. */
function answerText(assignment: Assignment, party: readonly string[] | undefined, keepalive: string): string {
  const { id, server, ticket, activateBy, alternates, explain, seats = [{ id, ticket }] } = assignment;
  const own = `{"id":${JSON.stringify(id)},"server":${serverText(server)},"ticket":"${ticket}","activateBy":${activateBy}`;
  const together = party ? `,"seats":${JSON.stringify(party.map((client, at) => ({ client, ...seats[at]! })))}` : '';
  const others = alternates.map(serverText).join(',');
  const why = explain ? `,"explain":${JSON.stringify(explain)}` : '';
  return `${own},"keepalive":${keepalive}${together},"alternates":[${others}]${why}}`;
}

const serverJson = oncePer((server: Placement) => ({ text: JSON.stringify(toServerAnswer(server)) }));
const serverText = (server: Placement): string => serverJson(server).text;

function toAssignRequest(body: AssignmentRequest, sourceAddress: string): AssignRequest {
  const { client, party, server, family = 4, avoid = [], ...rest } = body;
  return {
    ...rest,
    family,
    avoid,
    ...(client !== undefined && { client: encoder.encode(client) }),
    ...(party && { party: party.map((each) => encoder.encode(each)) }),
    ...(server !== undefined && { pick: server }),
    // Behind the load balancers the client's port is not known.
    source: { address: parseAddress(sourceAddress) ?? NO_ADDRESS, port: 0, protocol: TCP },
  };
}

/** What clients get to know of a server. */
export function toServerAnswer({ id, ipv4, ipv6, ports, app, world, group }: Placement): ServerAnswer {
  return {
    id,
    ...(ipv4 !== undefined && { ipv4 }),
    ...(ipv6 !== undefined && { ipv6 }),
    ports,
    app,
    world,
    group,
  };
}
