import type { HttpRequest } from '../../adapters/http/types.ts';
import { type RpcError, rpcError } from './rpc-error.ts';

/** Fields of a body, whatever it is otherwise; Agones' gateway passes over names that it does not know. */
export type CallBody = Readonly<Record<string, unknown>>;

/** A JSON object; no body is an empty one. */
export function readCallBody({ body }: HttpRequest): CallBody | RpcError {
  const text = typeof body === 'string' ? body : Buffer.from(body ?? []).toString('utf8');
  try {
    const value: unknown = text.trim() === '' ? {} : JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as CallBody;
  } catch {
    // Said below.
  }
  return rpcError('INVALID_ARGUMENT', 'the body must be a JSON object');
}

/** A whole number of 64 bits, as protobuf's JSON writes it (a text) or as people do; absent: undefined. */
export function readInt(body: CallBody, name: string): number | undefined | RpcError {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? Number(value) : value;
  if (Number.isSafeInteger(number)) return number as number;
  return rpcError('INVALID_ARGUMENT', `${name} must be a whole number`);
}

const MAX_TEXT = 1_000;

/** A text of 1 to 1,000 characters. */
export function readText(body: CallBody, name: string): string | RpcError {
  const value = body[name];
  if (typeof value === 'string' && value !== '' && value.length <= MAX_TEXT) return value;
  return rpcError('INVALID_ARGUMENT', `${name} must be a text of 1 to ${MAX_TEXT} characters`);
}

/** A list of such texts; absent: undefined. */
export function readTexts(body: CallBody, name: string): readonly string[] | undefined | RpcError {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  const fits = (each: unknown): boolean => typeof each === 'string' && each.length <= MAX_TEXT;
  if (Array.isArray(value) && value.every(fits)) return value as string[];
  return rpcError('INVALID_ARGUMENT', `${name} must be a list of texts`);
}
