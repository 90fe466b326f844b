import { BusyButton } from './busy-button.tsx';

/** The rest of a list, page by page; nothing where all is shown. */
export const MoreButton = (props: {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}) =>
  props.query.hasNextPage && (
    <BusyButton
      busy={props.query.isFetchingNextPage}
      onClick={() => void props.query.fetchNextPage()}
    >
      Show more
    </BusyButton>
  );
