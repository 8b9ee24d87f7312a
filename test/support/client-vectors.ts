import { readVectors } from './wire-vectors.ts';

export type VectorFields = Readonly<Record<string, unknown>>;

/** A vector of any file; each file has the fields that it needs. */
export interface ClientVector {
  readonly hex: string;
  readonly fields: VectorFields;
  readonly padTo: number;
  readonly readOnly?: boolean;
  readonly expect: string;
  readonly number: number;
  readonly reason?: string;
  readonly type: number;
  readonly family: number;
  readonly address: string;
  readonly chunks: readonly string[];
  readonly packets: readonly string[];
  readonly text: string;
  readonly canonical: string;
}

/** What concerns a client of each file: it reads responses and writes requests. */
const CONCERNS: Readonly<Record<string, (vector: ClientVector) => boolean>> = {
  responses: ({ hex }) => hex !== null,
  // What is wrong in the values of a request does not concern a client.
  malformed: ({ expect: role, number }) => role === 'response' || number <= 8,
  requests: ({ readOnly, fields }) => !readOnly && !('forward' in fields),
};

/** The vectors of a file that concern a client, in whatever language. */
export function clientVectors(file: string): readonly ClientVector[] {
  const { vectors } = readVectors<{ vectors: readonly ClientVector[] }>(file);
  return vectors.filter(CONCERNS[file] ?? (() => true));
}
