#!/usr/bin/env -S node --max-semi-space-size=32
// `npx portico <command>`: the command line, in a checkout as in a package. The larger room for young objects
// (megabytes) saves a busy gateway a twentieth of its time.
import { setFlagsFromString } from 'node:v8';
import './install-missing.mjs';
import { program } from './program.mjs';

// On a large machine V8 lets a heap grow to four times what is alive in it before it looks for what is not. Where it
// may grow by a third only, a gateway with too much to do takes 270 MB in place of 430, at the same pace
// (`npm run load`).
setFlagsFromString('--heap-growing-percent=30');

await import(await program());
