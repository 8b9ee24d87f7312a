import type { RowChanges } from '../../core/registry/roster-pass.ts';
import { parseRowKey, type ServerRow } from '../../core/registry/row.ts';
import { type Item, type MalformedRow, rowOfItem } from './row-item.ts';

/** A batch of a table's stream as Lambda gets it, view type NEW_IMAGE or NEW_AND_OLD_IMAGES. */
export interface StreamEvent {
  readonly Records: readonly {
    readonly dynamodb?: { readonly Keys?: Item; readonly NewImage?: Item };
  }[];
}

/** The server rows that a batch changed, each as it was last; other items are skipped. */
export function rowChanges(event: StreamEvent, report: (row: MalformedRow) => void): RowChanges {
  const rows = new Map<string, ServerRow | undefined>();
  for (const { dynamodb } of event.Records) {
    const key = dynamodb?.Keys?.['pk']?.S;
    if (key === undefined || !parseRowKey(key)) continue;
    const image = dynamodb?.NewImage;
    const row = image && rowOfItem(image, report);
    // A malformed image says nothing; a record without one says that the row was deleted.
    if (row || !image) rows.set(key, row);
  }
  return {
    rows: [...rows.values()].filter((row) => row !== undefined),
    removed: [...rows].filter(([, row]) => row === undefined).map(([key]) => key),
  };
}
