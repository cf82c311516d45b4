import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { sources } from "./sources.js";

// The build must come out the same, byte for byte, wherever it is made: nothing here may depend on the
// machine, the time or the environment.
export default defineConfig({
  plugins: [svelte(), sources()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "licenses.md" },
  },
  // `npm run dev` shows the page of a running `ringtrip demo`.
  server: { proxy: { "/demo": backend(), "/ringtrip.v1.": backend() } },
});

function backend() {
  return process.env.RINGTRIP ?? "http://127.0.0.1:8080";
}
