import { readFileSync } from 'node:fs';
import type { PGliteOptions } from '@electric-sql/pglite';
import { inject } from 'vitest';
import './prepared-cluster.ts';

/**
 * What tests load in place of `@electric-sql/pglite`, see `vitest.config.ts`: the same, but that a database in
 * memory begins as a copy of an empty cluster, which takes a third of what it takes to make one. Tables are
 * made by the migrations, as always; databases in a folder are made from nothing.
 */

// By its path: under its name it would be this module.
const path = new URL('../../node_modules/@electric-sql/pglite/dist/index.js', import.meta.url);
const itself: typeof import('@electric-sql/pglite') = await import(path.href);

let cluster: Blob | undefined;
const copied = () => {
  cluster ??= new Blob([readFileSync(inject('cluster'))]);
  return cluster;
};

export class PGlite extends itself.PGlite {
  constructor(options: PGliteOptions) {
    super(options.dataDir === undefined ? { ...options, loadDataDir: copied() } : options);
  }
}
