import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { maskError } from './mask-error.ts';
import { requestState } from './request-state.ts';

/** @param onFault gets what was not expected, for the log */
export const useErrorMasking = (onFault: (error: unknown, requestId: string) => void): Plugin => ({
  onResultProcess({ request, result, setResult }) {
    const { requestId } = requestState(request);
    const masked = (error: unknown) =>
      maskError(
        error instanceof GraphQLError
          ? error
          : new GraphQLError('Unexpected error.', { originalError: asError(error) }),
        { requestId, onFault: (fault) => onFault(fault, requestId) },
      );
    const withMasked = <Result extends object>(each: Result): Result =>
      'errors' in each && Array.isArray(each.errors)
        ? { ...each, errors: each.errors.map(masked) }
        : each;
    // A batch has a result for each of its operations.
    setResult(Array.isArray(result) ? result.map(withMasked) : withMasked(result));
  },
});

const asError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)));
