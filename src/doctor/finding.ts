/** OK and NOTE are well; a NOTE is something to know. SKIPPED could not be looked at, or is not there. */
export type FindingState = 'OK' | 'NOTE' | 'FAILED' | 'SKIPPED';

/** One line of the report: what was found, and what to do next where something is. */
export interface Finding {
  state: FindingState;
  /** Holds no credential, no address with one, and nothing of an answer's body. */
  text: string;
}

export const ok = (text: string): Finding => ({ state: 'OK', text });
export const note = (text: string): Finding => ({ state: 'NOTE', text });
export const failed = (text: string): Finding => ({ state: 'FAILED', text });
export const skipped = (text: string): Finding => ({ state: 'SKIPPED', text });

/** What a system's code for a failed connection means. @param address the variable that holds it */
export function connectionWords(code: string | undefined, address: string): string {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `there is no such host (${code}). Check the host name in ${address}, and this machine's name server.`;
    case 'ECONNREFUSED':
      return `nobody listens there (${code}). Check host and port in ${address}.`;
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `no connection (${code}). Check ${address}, and whether a firewall lets this machine out.`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `its certificate is another host's (${code}). Check the host name in ${address}.`;
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return `its certificate is out of date (${code}). Whoever runs it has to renew it; or this machine's clock is wrong.`;
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return `no TLS is spoken there (${code}). Check https or http, and the port, in ${address}.`;
    default:
      if (code?.startsWith('ERR_SSL_')) {
        return `no TLS comes about (${code}). Check ${address}, and ask whoever runs it what they expect.`;
      }
      return code !== undefined && /CERT|SIGNATURE|ISSUER|TLS/.test(code)
        ? `its certificate is not trusted (${code}). An authority of your own goes into NODE_EXTRA_CA_CERTS.`
        : `no connection${code ? ` (${code})` : ''}. Check ${address}.`;
  }
}
