import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

const require = createRequire(import.meta.url);

export default defineConfig({
  // Two builds of graphql in one process fail with "another module or realm": pin one file.
  resolve: { alias: [{ find: /^graphql$/, replacement: require.resolve('graphql/index.js') }] },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    server: {
      deps: {
        inline: [
          /@pothos/,
          /graphql-yoga/,
          /@graphql-tools/,
          /@envelop/,
          /graphql-scalars/,
          /graphql-armor/,
        ],
      },
    },
  },
});
