import { type RefObject, useLayoutEffect, useRef, useState } from 'react';
import { BusyButton } from './busy-button.tsx';

export interface MoreButtonProps {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
  /** What its rows are children of. */
  list: RefObject<HTMLElement | null>;
  /** How many rows there are now. */
  shown: number;
}

/** A row that is nothing but a button is that button; of others all is read out. */
function focusRow(row: Element | undefined) {
  if (row?.firstElementChild instanceof HTMLButtonElement) {
    row.firstElementChild.focus();
  } else if (row instanceof HTMLElement) {
    row.tabIndex = -1;
    row.focus();
  }
}

/**
 * The rest of a list, page by page; no button where all is shown. Who used it goes on at the first row that
 * came.
 */
export function MoreButton({ query, list, shown }: MoreButtonProps) {
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const [added, setAdded] = useState(0);
  const place = useRef<HTMLDivElement>(null);
  const before = useRef<number>(undefined);
  // Before a card finds that the focus is gone with the button, see `useKeptFocus`.
  useLayoutEffect(() => {
    if (isFetchingNextPage) {
      before.current ??= shown;
      return;
    }
    const from = before.current ?? shown;
    before.current = undefined;
    if (shown <= from) {
      return;
    }
    setAdded(shown - from);
    const focused = document.activeElement;
    // Somebody may have gone on meanwhile.
    if (focused === document.body || place.current?.contains(focused)) {
      focusRow(list.current?.children[from]);
    }
  }, [isFetchingNextPage, list, shown]);
  return (
    <div ref={place}>
      {hasNextPage && (
        <BusyButton busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show more
        </BusyButton>
      )}
      <p role="status" className="visually-hidden">
        {!isFetchingNextPage && added > 0 && `${added} more ${added === 1 ? 'is' : 'are'} shown.`}
      </p>
    </div>
  );
}
