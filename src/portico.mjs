#!/usr/bin/env node
// `npx portico <command>`: the command line, its TypeScript run by tsx, in a checkout as in a package.
import './install-missing.mjs';

const { register } = await import('tsx/esm/api');
register();
await import('./main.ts');
