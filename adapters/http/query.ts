/** More parameters than any route has; the rest is not looked at, so that a long query costs little. */
const MAX_PARAMETERS = 32;

/** The decoded parameters of a raw query string (WHATWG URL, application/x-www-form-urlencoded). Total. */
export function parseQuery(raw: string): Record<string, string[]> {
  // Without a prototype: `__proto__` is a name like any other.
  const query: Record<string, string[]> = Object.create(null);
  if (raw === '') return query;
  let count = 0;
  for (const [name, value] of new URLSearchParams(raw)) {
    if (++count > MAX_PARAMETERS) break;
    const values = query[name];
    if (values) values.push(value);
    else query[name] = [value];
  }
  return query;
}
