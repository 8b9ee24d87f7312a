/** As OnedoorError in Node, without the table of texts: `message` is what the door said. */
export class OnedoorError extends Error {
  override readonly name = 'OnedoorError';
  readonly code: string;
  readonly payload: Readonly<Record<string, unknown>>;

  constructor(code: string, payload: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    const { detail } = payload;
    super(typeof detail === 'string' ? `${code}: ${detail}` : code, { cause });
    this.code = code;
    this.payload = payload;
  }
}
