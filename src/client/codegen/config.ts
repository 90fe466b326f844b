import { withHash } from './manifest.ts';

/**
 * What the plugins `typescript-operations` and `typed-document-node` are to be told, so that documents fit
 * the client: how the gateway writes its scalars, and that each document knows its hash.
 */
export const documentsConfig = {
  scalars: {
    ID: 'string',
    Date: 'string',
    DateTime: 'string',
    EmailAddress: 'string',
    JSONObject: 'Record<string, unknown>',
    PhoneNumber: 'string',
    TimeZone: 'string',
    URL: 'string',
  },
  strictScalars: true,
  enumType: 'string-literal',
  useTypeImports: true,
  unstable_onExecutableDocumentNode: withHash,
};
