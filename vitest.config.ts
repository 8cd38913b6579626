import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    // Two workers: each loads onnxruntime, which brings its own thread pool.
    maxWorkers: 2,
  },
});
