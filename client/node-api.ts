import { ERROR_CODES, type ErrorCode, OnedoorError } from '../core/errors.ts';
import { createHttpApi, type Fail, type HttpApi, type RosterMemory } from './http-api.ts';
import { createSend } from './http-send.ts';

/** A code of a later version is "no answer that can be understood". */
export function toErrorCode(code: string): ErrorCode {
  return Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'client.no-answer';
}

const fail: Fail = (code, payload, cause) => new OnedoorError(toErrorCode(code), payload, { cause });

/** The door's HTTP API, by Node's HTTP. @param base without a slash at the end */
export function createNodeApi(base: string, signal?: AbortSignal, memory?: RosterMemory): HttpApi {
  return createHttpApi(createSend(base, signal), fail, memory);
}
