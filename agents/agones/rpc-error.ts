import type { HttpResponse } from '../../adapters/http/types.ts';

/** The codes of gRPC that Agones' SDK uses, with the status that its gateway makes of each (google/rpc/code.proto). */
const CODES = {
  UNKNOWN: { code: 2, status: 500 },
  INVALID_ARGUMENT: { code: 3, status: 400 },
  NOT_FOUND: { code: 5, status: 404 },
  ALREADY_EXISTS: { code: 6, status: 409 },
  PERMISSION_DENIED: { code: 7, status: 403 },
  RESOURCE_EXHAUSTED: { code: 8, status: 429 },
  OUT_OF_RANGE: { code: 11, status: 400 },
  UNIMPLEMENTED: { code: 12, status: 501 },
} as const;

/** A call that is not done. */
export interface RpcError {
  readonly error: keyof typeof CODES;
  readonly message: string;
}

export function rpcError(error: keyof typeof CODES, message: string): RpcError {
  return { error, message };
}

export function isRpcError(value: object): value is RpcError {
  return 'error' in value && 'message' in value;
}

/** `google.rpc.Status` as JSON: what Agones' own clients expect. */
export function errorResponse({ error, message }: RpcError): HttpResponse {
  const { code, status } = CODES[error];
  return answer(status, { code, message, details: [] });
}

export function answer(status: number, value: unknown): HttpResponse {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return { status, headers, body: JSON.stringify(value) };
}
