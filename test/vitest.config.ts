import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';

// Vite would take another build of it than the packages that Node loads, and the two refuse each other.
const graphql = createRequire(import.meta.url).resolve('graphql');
const support = fileURLToPath(new URL('./support/', import.meta.url));

/** Their files share databases by modules that end them with the file. */
const apart = ['test/store/**/*.test.ts'];

export default defineConfig({
  resolve: {
    alias: [{ find: /^graphql$/, replacement: graphql }],
  },
  test: {
    // Most tests wait for sockets, processes and time limits: three for two cores keep these busy.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    testTimeout: 20_000,
    hookTimeout: 60_000,
    globalSetup: ['prepared-cluster.ts', 'shared-postgres.ts'].map((name) => join(support, name)),
    projects: [
      {
        extends: true,
        // Files that one process runs one after another load the gateway once: half of the work of most.
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...apart],
          isolate: false,
        },
      },
      { extends: true, test: { name: 'apart', include: apart } },
    ],
  },
});
