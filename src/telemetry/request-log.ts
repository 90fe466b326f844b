import type { Logger } from 'pino';
import type { Observer } from './observer.ts';

/**
 * Ends of vendor calls that are somebody's answer, and nothing that an operator has to look after. Those
 * that were SHED follow from faults that were told of.
 */
const ordinary = ['OK', 'NOT_FOUND', 'REJECTED', 'AUTHORIZATION_REQUIRED', 'CANCELLED', 'SHED'];
/** Ends of operations that the gateway or a vendor is the cause of. */
const isOurFault = (outcome: string) => /^(VENDOR_|INTERNAL_SERVER_ERROR$)/.test(outcome);

/**
 * One line per operation, per vendor call and per refused request, made of allow-listed facts only: no
 * variables, no document, no message of an error, no subject, no address. What is in order is quiet:
 * vendor calls at `debug`, operations and refusals at `info`; what an operator wants to know is at `warn`.
 */
export const createRequestLog = (logger: Logger): Observer => ({
  vendorCallEnded({ vendor, operation, ...call }, requestId) {
    const { attempts, status, outcome, code, duration } = call;
    const level = ordinary.includes(outcome) ? 'debug' : 'warn';
    logger[level](
      {
        ...{ requestId, vendor, operation, outcome, code, status, attempts },
        duration: Math.round(duration),
      },
      'vendor call',
    );
  },
  operationEnded({ requestId, type, name }, { outcome, errors, vendorCalls, duration }) {
    logger[isOurFault(outcome) ? 'warn' : 'info'](
      {
        ...{ requestId, operation: type, name, outcome },
        ...{ duration: Math.round(duration), vendorCalls, errors },
      },
      'operation',
    );
  },
  requestRefused({ requestId, method, route, status, code, duration }) {
    logger[status >= 500 ? 'warn' : 'info'](
      { requestId, method, route, status, code, duration: Math.round(duration) },
      'request refused',
    );
  },
});
