/** What a look at one thing found. */
export interface Finding {
  readonly about: string;
  /** `skip`: it could not be looked at, or does not matter here. */
  readonly state: 'ok' | 'warn' | 'bad' | 'skip';
  readonly says: string;
  /** What to do. */
  readonly remedy?: string;
}

export function ok(about: string, says: string): Finding {
  return { about, state: 'ok', says };
}

export function bad(about: string, says: string, remedy: string): Finding {
  return { about, state: 'bad', says, remedy };
}

export function warn(about: string, says: string, remedy: string): Finding {
  return { about, state: 'warn', says, remedy };
}

export function skip(about: string, says: string): Finding {
  return { about, state: 'skip', says };
}
