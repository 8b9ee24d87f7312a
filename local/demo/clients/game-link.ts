/** Where a game server takes clients. */
export interface GameAddress {
  readonly address: string;
  readonly port: number;
}

/** What a game client tells the session beside it (docs/clients/typescript.md, "Why `sent` and `received`"). */
export interface Traffic {
  sent(): void;
  received(): void;
}

/** A client that is on a server. */
export interface GameLink {
  /** Leaves as players do, if the server is still there; never rejects. */
  leave(): Promise<void>;
}

/** Brings a client of this name onto a server; rejects if it is not let in. */
export type Join = (name: string, at: GameAddress, traffic: Traffic) => Promise<GameLink>;

/** A server beside its client answers at once. */
export const JOIN_TIMEOUT_MS = 5_000;
