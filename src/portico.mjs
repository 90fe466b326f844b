#!/usr/bin/env -S node --max-semi-space-size=32
// `npx portico <command>`: the command line, in a checkout as in a package. The larger room for young objects
// (megabytes) saves a busy gateway a twentieth of its time.
import './install-missing.mjs';
import { program } from './program.mjs';

await import(await program());
