import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

// Vite would take another build of it than the packages that Node loads, and the two refuse each other.
const graphql = createRequire(import.meta.url).resolve('graphql');

export default defineConfig({
  resolve: { alias: [{ find: /^graphql$/, replacement: graphql }] },
  test: {
    include: ['test/**/*.test.ts'],
    // Most tests wait for sockets: every core may have its own.
    maxWorkers: '100%',
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
