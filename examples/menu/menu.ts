/**
 * A menu in the terminal: apps and worlds with their players, then a place in one of them.
 *
 *   npm start                                    in one terminal
 *   node examples/menu/menu.ts                   in another: what there is
 *   node examples/menu/menu.ts http://127.0.0.1:8080 world main    play there
 */
import { connect, type MenuApp, type MenuWorld, menu, OnedoorError } from '../../client/index.ts';

const [api = 'http://127.0.0.1:8080', app, world] = process.argv.slice(2);
const { hostname: door } = new URL(api);

function line({ app: name }: MenuApp, { world, sessions, capacity, servers }: MenuWorld): string {
  return `${name.padEnd(12)} ${world.padEnd(12)} ${sessions} of ${capacity} players on ${servers} servers`;
}

try {
  for (const each of await menu({ door, http: api })) {
    for (const world of each.worlds) console.log(line(each, world));
  }
  if (app !== undefined) {
    const session = await connect({ door, http: api, app, ...(world !== undefined && { world }) });
    const { id, address, ports } = session.server;
    console.log(`playing on ${id} at ${address}:${ports['game']}`);
    await session.close();
  }
} catch (error) {
  if (!(error instanceof OnedoorError)) throw error;
  console.error(`${error.code}: ${JSON.stringify(error.payload)}`);
  process.exitCode = 1;
}
