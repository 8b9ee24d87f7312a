/**
 * HTTP as the rest of the product sees it, whoever carries it: a socket, or a load balancer that calls a function. One
 * request is one small object in, one small object out; only an answer with `goOn` is longer, and only on a socket.
 */
export interface HttpRequest {
  /** As sent: methods are case-sensitive (RFC 9110, section 9.1). */
  readonly method: string;
  /** Percent-encoded as sent, without the query; begins with `/`. */
  readonly path: string;
  /** Decoded; the values of a repeated name in their order. */
  readonly query?: Readonly<Record<string, readonly string[]>>;
  /** By lower-case name; repeated fields joined by `, ` (RFC 9110, section 5.3). */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | undefined;
  /** Who asks, in text form; IPv4 in dotted decimal. */
  readonly sourceAddress: string;
}

export interface HttpResponse {
  readonly status: number;
  /** By lower-case name. `content-length` is added by whoever sends the response. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
  /**
   * Called once after `body`: the answer goes on until the client goes or reads too slowly, or the server closes. Gives
   * what to call then. A function's answer, which cannot go on, ends with `body`.
   */
  readonly goOn?: (write: (text: string) => void) => () => void;
}

/** Answers one request. Should not throw: what it throws becomes a 500 without details. */
export type HttpHandler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;
