import { defineConfig } from "vite";
import { compression } from "vite-plugin-compression2";

// The gateway serves `dist/index.html` at /graphql, `dist/live.html` at /live, and their assets
// below /graphiql/.
export default defineConfig({
  base: "/graphiql/",
  worker: { format: "es" }, // Monaco's workers import chunks
  build: {
    target: "es2023",
    reportCompressedSize: false,
    chunkSizeWarningLimit: 4000, // kB: Monaco is one large chunk
    // React libraries mark client modules; here all modules are.
    rolldownOptions: {
      input: ["index.html", "live.html"],
      checks: { moduleLevelDirective: false, pluginTimings: false },
    },
  },
  plugins: [
    compression({
      algorithms: ["gzip", "brotliCompress"],
      include: [/\.(js|css|svg|ttf)$/], // the page itself is small
      logLevel: "silent",
    }),
  ],
});
