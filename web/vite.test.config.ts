import { readdirSync } from "node:fs";
import { defineConfig } from "vite";

// Builds the tests for Node's own test runner.
export default defineConfig({
  publicDir: false,
  ssr: { noExternal: true },
  build: {
    ssr: true,
    outDir: "node_modules/.test",
    emptyOutDir: true,
    rollupOptions: { input: readdirSync("test").filter((f) => f.endsWith(".test.ts")).map((f) => `test/${f}`) },
  },
});
