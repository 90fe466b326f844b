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
    if (!Array.isArray(result) && 'errors' in result && result.errors) {
      setResult({ ...result, errors: result.errors.map(masked) });
    }
  },
});

const asError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)));
