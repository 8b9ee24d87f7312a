declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** Times a table spends in CREATING, DELETING and UPDATING, in ms. */
  interface Options {
    readonly createTableMs?: number;
    readonly deleteTableMs?: number;
    readonly updateTableMs?: number;
  }
  const dynalite: (options?: Options) => Server;
  export = dynalite;
}
