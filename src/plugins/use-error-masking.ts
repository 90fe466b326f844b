import { type ExecutionResult, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { maskError } from './mask-error.ts';
import { type Executed, type Part, withEach } from './parts.ts';
import { requestState } from './request-state.ts';

export interface ErrorMasking {
  /** Gets what was not expected, for the log. */
  onFault: (error: unknown, requestId: string) => void;
  /** Whether callers may see the whole schema, and so be told which of its names they may have meant. */
  suggesting: boolean;
}

/** More mistakes than this nobody mends by suggestions. */
const mostSuggested = 20;

/** A result whose errors may leave. */
export function withMaskedErrors<Result extends ExecutionResult>(
  result: Result,
  requestId: string,
  { onFault, suggesting }: ErrorMasking,
): Result {
  const masked = (error: unknown) =>
    maskError(
      error instanceof GraphQLError
        ? error
        : new GraphQLError('Unexpected error.', { originalError: asError(error) }),
      {
        requestId,
        onFault: (fault) => onFault(fault, requestId),
        suggesting: suggesting && (result.errors?.length ?? 0) <= mostSuggested,
      },
    );
  return Array.isArray(result.errors) ? { ...result, errors: result.errors.map(masked) } : result;
}

/** The same for all that the server answers. */
export const useErrorMasking = (masking: ErrorMasking): Plugin => ({
  onResultProcess({ request, result, setResult }) {
    const { requestId } = requestState(request);
    const withMasked = <Result extends ExecutionResult>(each: Result): Result =>
      withMaskedErrors(each, requestId, masking);
    const withAllMasked = (part: Part): Part => ({
      ...withMasked(part),
      ...(part.incremental && { incremental: part.incremental.map(withMasked) }),
    });
    setResult(withEach(result as Executed, withAllMasked) as never);
  },
});

const asError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)));
