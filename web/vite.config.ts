import { defineConfig } from 'vite';

const hub = 'http://127.0.0.1:8000';

export default defineConfig({
  base: '/graphiql/',
  build: {
    target: 'es2022',
    // What is bundled is other people's work: their licenses travel with it.
    license: { fileName: 'licenses.md' },
    // Monaco alone is larger than the limit that the warning assumes.
    chunkSizeWarningLimit: 5000,
    rolldownOptions: {
      // "use client" speaks to server-side rendering, of which there is none here.
      onLog(level, log, report) {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') report(level, log);
      },
    },
  },
  worker: { format: 'es' },
  // `npm run dev` serves the page itself and passes operations on to a running hub.
  server: { proxy: { '/graphql': { target: hub, ws: true } } },
});
