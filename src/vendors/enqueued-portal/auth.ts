/** An API user of the clinic; not a login of the EHR. */
export interface PortalCredentials {
  /** Begins with `pk_`; holds no colon. */
  username: string;
  password: string;
}

/** HTTP Basic in the header on every call; never in the URL, although the vendor's samples do that. */
export const authorizationHeader = ({ username, password }: PortalCredentials) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
