import { defineConfig } from 'vite';

/** The page is built by `src/sandbox/front-desk-build.ts`, which says where to. */
export default defineConfig({
  base: '/front-desk/',
  // Nothing of the folder that it is started in, nor of its environment, gets into the page.
  envDir: false,
  publicDir: false,
  css: { postcss: {} },
  build: {
    target: 'es2023',
    // The page's policy lets nothing load that is not a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
