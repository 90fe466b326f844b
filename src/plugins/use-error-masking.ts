import { type ExecutionResult, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { maskError } from './mask-error.ts';
import { type Executed, type Part, withEach } from './parts.ts';
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
    const withMasked = <Result extends ExecutionResult>(each: Result): Result =>
      Array.isArray(each.errors) ? { ...each, errors: each.errors.map(masked) } : each;
    const withAllMasked = (part: Part): Part => ({
      ...withMasked(part),
      ...(part.incremental && { incremental: part.incremental.map(withMasked) }),
    });
    setResult(withEach(result as Executed, withAllMasked) as never);
  },
});

const asError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)));
