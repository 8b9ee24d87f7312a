/** The part of gamedig 5 that is used; the package brings no types. */
declare module 'gamedig' {
  interface Answer {
    /** May count bots. */
    readonly numplayers?: unknown;
    /** Some games give a text. */
    readonly maxplayers?: unknown;
    readonly players?: readonly { readonly name?: unknown }[];
    readonly bots?: readonly unknown[];
  }
  export class GameDig {
    query(options: {
      readonly type: string;
      readonly host: string;
      readonly port: number;
      readonly givenPortOnly: boolean;
      readonly maxRetries: number;
      readonly socketTimeout: number;
      readonly attemptTimeout: number;
    }): Promise<Answer>;
  }
  export const games: Readonly<Record<string, unknown>>;
  export const protocols: Readonly<Record<string, unknown>>;
}
