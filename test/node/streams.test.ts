import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSource } from "../../src/node/source.js";
import { readStream } from "../../src/node/streams.js";
import { failure } from "../proto/support.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "normfold-streams-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const MEBI = 2 ** 20;

describe("readStream", () => {
  it.each([0, 1, MEBI, 2 * MEBI + 7])("reads %d bytes to their end, and no more than it may", (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => i % 251);
    writeFileSync(join(folder, "bytes"), bytes);
    const descriptor = openSync(join(folder, "bytes"), "r");
    try {
      expect(Buffer.compare(readStream(descriptor, length), bytes)).toBe(0);
    } finally {
      closeSync(descriptor);
    }
  });

  it.skipIf(process.platform === "win32")("stops reading what never ends", () => {
    const descriptor = openSync("/dev/zero", "r");
    try {
      expect(failure(() => readStream(descriptor, 3 * MEBI))).toMatchObject({
        code: "io",
        message: expect.stringMatching(/^it gave more than 2 GiB and has not ended/),
      });
    } finally {
      closeSync(descriptor);
    }
  });
});

it.skipIf(process.platform === "win32")("reads an empty device as nothing", () => {
  expect(openSource("/dev/null").size).toBe(0);
});
