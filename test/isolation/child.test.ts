import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { expect, it } from "vitest";
import { CALLS } from "../../src/isolation/descriptors.js";
import { type Frame, FrameReader } from "../../src/isolation/frames.js";

it("says that it has started, and ends when nobody can ask it any more", async () => {
  const child = spawn(process.execPath, ["dist/isolation/child.cjs"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  // Node's types know only the standard streams.
  const calls = (child.stdio as unknown as readonly Socket[])[CALLS] as Socket;
  const reader = new FrameReader();
  const [first] = await new Promise<Frame[]>((resolve) => {
    calls.on("data", (bytes: Uint8Array) => {
      const frames = reader.push(bytes);
      if (frames.length > 0) resolve(frames);
    });
  });
  expect(first?.header).toMatchObject({ kind: "started", name: "onnxruntime" });
  child.kill("SIGTERM");
  calls.end();
  expect(await ended, "signals are the parent's affair").toBe(0);
});
