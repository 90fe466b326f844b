/** What the address brings when a login at MyPatientPortal comes back. */
export interface PortalReturn {
  /** Single use, for who began the login. */
  connection: string | undefined;
  /** `access_denied`, `vendor_unavailable`, `login_failed`. */
  error: string | undefined;
}

const ofConnection = 'portal_connection';
const ofError = 'portal_error';

/** Takes it out of the address at once: it must stand in no history, and be used by no reload. */
function takeFromAddress(): PortalReturn | undefined {
  const address = new URL(location.href);
  const connection = address.searchParams.get(ofConnection) ?? undefined;
  const error = address.searchParams.get(ofError) ?? undefined;
  if (connection === undefined && error === undefined) {
    return undefined;
  }
  address.searchParams.delete(ofConnection);
  address.searchParams.delete(ofError);
  history.replaceState(null, '', address);
  return { connection, error };
}

// While the page loads, before anything is asked.
let waiting = takeFromAddress();

/** What came back, to the first one who asks. */
export function claimPortalReturn(): PortalReturn | undefined {
  const claimed = waiting;
  waiting = undefined;
  return claimed;
}
