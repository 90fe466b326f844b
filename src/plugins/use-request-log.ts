import { getOperationAST } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Logger } from 'pino';
import { errorsIn, type Part, watched } from './parts.ts';
import { requestState } from './request-state.ts';

/**
 * One line per operation and per vendor call, made of allow-listed facts only: no variables, no
 * document, no message of an error.
 */
export const useRequestLog = (logger: Logger): Plugin => ({
  onExecute({ args }) {
    const started = performance.now();
    const { document, operationName, contextValue } = args;
    const { request } = contextValue;
    const { requestId } = requestState(request);
    const operation = getOperationAST(document, operationName);
    return {
      onExecuteDone({ result, setResult }) {
        let errors = 0;
        const count = (part: Part) => {
          errors += errorsIn(part);
        };
        const log = () => {
          const { vendorCalls } = requestState(request);
          for (const call of vendorCalls) {
            logger.debug({ requestId, ...call }, 'vendor call');
          }
          logger.info(
            {
              requestId,
              operation: operation?.operation,
              name: operation?.name?.value,
              duration: Math.round(performance.now() - started),
              vendorCalls: vendorCalls.length,
              errors,
            },
            'operation',
          );
        };
        if (isAsyncIterable(result)) {
          setResult(watched(result as AsyncIterable<Part>, count, log) as never);
        } else {
          count(result);
          log();
        }
      },
    };
  },
});
