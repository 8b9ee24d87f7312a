/** How DynamoDB's API writes requests and answers: JSON, with bytes as base64 in `{"B": …}`. */

function replacer(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const bytes = key === 'B' ? this['B'] : undefined;
  return bytes instanceof Uint8Array ? Buffer.from(bytes).toString('base64') : value;
}

export function encode(input: object): string {
  return JSON.stringify(input, 'Item' in input ? replacer : undefined);
}

function reviver(key: string, value: unknown): unknown {
  return key === 'B' && typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : value;
}

export function decode<T>(text: string): T {
  // Most answers hold no bytes, and a reviver visits everything.
  return JSON.parse(text, text.includes('"B"') ? reviver : undefined);
}
