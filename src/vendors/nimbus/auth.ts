/** The account that Nimbus hands to a clinic. */
export interface NimbusCredentials {
  username: string;
  password: string;
}

/** HTTP Basic, on every call (section 1 of the guide). The user name holds no colon. */
export const authorizationHeader = ({ username, password }: NimbusCredentials) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
