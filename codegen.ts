import type { CodegenConfig } from '@graphql-codegen/cli';
import { documentsConfig } from './src/client/codegen/config.ts';

// A frontend team's own documents are generated in the same way: see the README, "For frontend teams".
const generated = 'src/client/generated';

const config: CodegenConfig = {
  schema: 'schema/schema.graphql',
  documents: 'schema/operations/*.graphql',
  generates: {
    [`${generated}/documents.ts`]: {
      plugins: ['typescript-operations', 'typed-document-node'],
      config: documentsConfig,
    },
    [`${generated}/hooks.ts`]: {
      plugins: ['./src/client/codegen/hooks.ts'],
      config: { documentsFrom: './documents.ts', hooksFrom: '../hooks.ts' },
    },
    [`${generated}/persisted-documents.json`]: { plugins: ['./src/client/codegen/manifest.ts'] },
    [`${generated}/idempotent-inputs.ts`]: {
      plugins: ['./src/client/codegen/idempotent-inputs.ts'],
    },
  },
};

export default config;
