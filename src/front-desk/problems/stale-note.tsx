import { useQueryClient } from '@tanstack/react-query';
import type { PorticoError } from '../../client/client.ts';
import { explainError } from './explain.ts';
import { ProblemNote } from './problem-note.tsx';

export interface StaleNoteProps {
  query: { error: PorticoError | null; isFetching: boolean };
}

/** Above what is there from before, where asking for it again failed; nothing where that went well. */
export function StaleNote({ query: { error, isFetching } }: StaleNoteProps) {
  const queryClient = useQueryClient();
  if (error === null) {
    return null;
  }
  // Hardly ever fails one of them alone: this asks for all that failed.
  const retry = () =>
    queryClient.refetchQueries({
      type: 'active',
      predicate: ({ state }) => state.status === 'error',
    });
  const { what, ...rest } = explainError(error);
  return (
    <ProblemNote
      {...rest}
      what={`What is shown may be out of date. ${what}`}
      busy={isFetching}
      onRetry={() => void retry()}
    />
  );
}
