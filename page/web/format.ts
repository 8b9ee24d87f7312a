/** A number for people: `1,234`. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** A rate or a time with as many digits as say something; `–` where nothing is known. */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (value === 0) return '0';
  if (value >= 10_000) return value.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 });
  const digits = value < 1 ? 2 : value < 10 ? 1 : 0;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

/** Milliseconds as an age: `0.4 s`, `12 s`, `3 min`. */
export function age(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** Wall time in ms as `17:03:11`. */
export function clockTime(wallMs: number): string {
  return new Date(wallMs).toLocaleTimeString('en', { hour12: false });
}

export function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
