/** Probes that are out, by their nonces: a table of fixed size, since thousands a second would leave as many objects. */
export interface Asked {
  /** Room for the probes of so many servers; what is out is forgotten when the table must grow. */
  reserve(servers: number): void;
  /** A probe with this nonce went to `id`. False: keep it by another nonce, the place of this one is taken. */
  put(nonce: Uint8Array, id: string, nowMs: number): boolean;
  /** The server that was asked by this nonce less than `ANSWER_MS` ago. */
  find(nonce: Uint8Array, nowMs: number): { readonly id: string; readonly atMs: number } | undefined;
  remove(nonce: Uint8Array): void;
}

/** Answers that come later than this are too late for anything. */
const ANSWER_MS = 2_000;
/** At one probe each 0.9 s and server, a third of the places is in use. */
const PLACES_EACH = 8;
const LEAST_PLACES = 64;

/** The place of a nonce follows from its first half; nonces are random. */
export function createAsked(): Asked {
  let size = 0;
  let low = new Uint32Array(0);
  let high = new Uint32Array(0);
  let atMs = new Float64Array(0);
  let ids: string[] = [];

  const halves = (nonce: Uint8Array, from: number): number =>
    ((nonce[from]! << 24) | (nonce[from + 1]! << 16) | (nonce[from + 2]! << 8) | nonce[from + 3]!) >>> 0;
  const placeOf = (nonce: Uint8Array): number => halves(nonce, 0) % size;
  const isAt = (place: number, nonce: Uint8Array): boolean =>
    low[place] === halves(nonce, 0) && high[place] === halves(nonce, 4);

  const asked: Asked = {
    reserve(servers) {
      const needed = Math.max(LEAST_PLACES, servers * PLACES_EACH);
      if (needed <= size) return;
      size = needed;
      low = new Uint32Array(size);
      high = new Uint32Array(size);
      atMs = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
      ids = new Array<string>(size).fill('');
    },
    put(nonce, id, nowMs) {
      const place = placeOf(nonce);
      if (nowMs - atMs[place]! < ANSWER_MS) return false;
      low[place] = halves(nonce, 0);
      high[place] = halves(nonce, 4);
      atMs[place] = nowMs;
      ids[place] = id;
      return true;
    },
    find(nonce, nowMs) {
      const place = placeOf(nonce);
      const isOut = isAt(place, nonce) && nowMs - atMs[place]! < ANSWER_MS;
      return isOut ? { id: ids[place]!, atMs: atMs[place]! } : undefined;
    },
    remove(nonce) {
      const place = placeOf(nonce);
      if (isAt(place, nonce)) atMs[place] = Number.NEGATIVE_INFINITY;
    },
  };
  asked.reserve(0);
  return asked;
}
