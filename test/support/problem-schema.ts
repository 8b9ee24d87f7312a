import * as v from 'valibot';

/** A problem document, as docs/openapi.yaml has it too. */
export const problemSchema = v.pipe(
  v.object({
    type: v.pipe(v.string(), v.description('The code as a URI')),
    title: v.pipe(v.string(), v.description('What the code means')),
    status: v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)),
    detail: v.pipe(v.string(), v.description('What to do about it')),
    code: v.pipe(v.string(), v.description('Stable; docs/ERRORS.md has them all')),
    errors: v.exactOptional(
      v.pipe(
        v.array(
          v.object({
            path: v.pipe(
              v.string(),
              v.description('A field such as `avoid[1]`, a parameter such as `?limit`, `path` or `body`'),
            ),
            message: v.string(),
          }),
        ),
        v.minLength(1),
        v.maxLength(16),
      ),
    ),
    retryAfterMs: v.exactOptional(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(0),
        v.description('Try again after this time; `Retry-After` has it in whole seconds'),
      ),
    ),
    wait: v.exactOptional(
      v.pipe(v.string(), v.description('Send it in the next request: who waits comes before newcomers')),
    ),
  }),
  v.description('A problem document (RFC 9457).'),
);
