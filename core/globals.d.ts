/**
 * The only platform names that `core/` may use: text coding, which is a pure function of its input and the same in
 * Node, browsers and Lambda. Everything else of a platform (Buffer, process, timers, crypto, fetch) is a compile error.
 */
declare class TextEncoder {
  encode(input?: string): Uint8Array;
  encodeInto(input: string, target: Uint8Array): { read: number; written: number };
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input?: Uint8Array): string;
}
