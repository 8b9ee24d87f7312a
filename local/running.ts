/** Where the local system says that it runs, below the repository's root. */
export const RUNNING_FILE = '.cache/running.json';

/** The local system, for programs that are started beside it. */
export interface Running {
  readonly pid: number;
  readonly door: string;
  readonly http: string;
  readonly registry: string;
  readonly table: string;
}

/** What stands in the file; undefined if it is nothing of that kind. */
export function parseRunning(text: string): Running | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof Running, unknown>>;
    const { pid, door, http, registry, table } = value;
    if (typeof pid !== 'number' || ![door, http, registry, table].every((each) => typeof each === 'string'))
      return undefined;
    return value as Running;
  } catch {
    return undefined;
  }
}
