/** The clinic's keys at VSee; see the contract's section "Credentials". */
export interface VSeeCredentials {
  accountCode: string;
  apiKey: string;
  apiSecret: string;
}

/** Who a call is made as; each endpoint takes exactly one of them. */
export type VSeeCaller =
  /** Key and secret of the clinic's application: `users/sso` only. */
  | { as: 'application' }
  | { as: 'patient'; token: string }
  /** Made by hand in the vendor's API app; overrides the calendar, so it is never a fallback. */
  | { as: 'admin'; token: string }
  /** Rooms are public. */
  | { as: 'public' };

/** The headers of a call: the account code always, and never a credential that the call does not take. */
export function headersFor(
  credentials: VSeeCredentials,
  caller: VSeeCaller,
): Readonly<Record<string, string>> {
  const account = credentials.accountCode;
  switch (caller.as) {
    case 'application':
      return {
        'X-AccountCode': account,
        'X-ApiKey': credentials.apiKey,
        'X-ApiSecret': credentials.apiSecret,
      };
    case 'patient':
    case 'admin':
      return { 'X-AccountCode': account, 'X-ApiToken': caller.token };
    case 'public':
      return { 'X-AccountCode': account };
  }
}
