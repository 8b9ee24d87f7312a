import { describe, expect, it } from 'vitest';
import { createRosterDocuments } from '../../../adapters/http/roster-documents.ts';
import { aView } from '../../support/builders.ts';

describe('the signature of the roster', () => {
  it('is made again for the same body after a minute, so that one who keeps it knows that it is still so', () => {
    let nowMs = 1_800_000_000_000;
    const signer = { kid: 'k', sign: () => new Uint8Array(64) };
    const documents = createRosterDocuments(signer, () => nowMs);
    const view = aView();
    const headOf = (page: { signature: string }) =>
      JSON.parse(Buffer.from(page.signature.split('.')[0]!, 'base64url').toString());

    const first = documents.page(view, {});
    nowMs += 61_000;
    const second = documents.page(view, {});

    expect([headOf(first).iat, headOf(second).iat]).toEqual([1_800_000_000, 1_800_000_061]);
    expect([second.body, second.etag]).toEqual([first.body, first.etag]);
    expect(documents.page(view, {})).toBe(second);
  });
});
