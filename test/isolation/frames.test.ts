import { describe, expect, it } from "vitest";
import { concatBytes } from "../../src/base/bytes.js";
import { encodeFrame, type Frame, FrameReader } from "../../src/isolation/frames.js";

const FRAMES: readonly Frame[] = [
  { header: { kind: "closed" }, payloads: [] },
  {
    header: { text: "ä\u0000\ud800 " },
    payloads: [Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4)],
  },
  { header: null, payloads: [new Uint8Array(0)] },
  { header: [1.5, -0], payloads: [Uint8Array.from({ length: 5_000 }, (_, i) => i % 251)] },
];
const bytes = concatBytes(FRAMES.flatMap(encodeFrame));

describe("frames", () => {
  it.each([1, 2, 3, 7, 64, 4096, bytes.length])("come apart from pieces of %i bytes", (size) => {
    const reader = new FrameReader();
    const found: Frame[] = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...reader.push(bytes.subarray(at, at + size)));
    expect(found).toEqual(
      FRAMES.map(({ header, payloads }) => ({ header: JSON.parse(JSON.stringify(header)), payloads })),
    );
  });

  it("are read into their place without a copy", () => {
    const reader = new FrameReader();
    const found: Frame[] = [];
    for (let at = 0; at < bytes.length; ) {
      const room = reader.room();
      expect(room.length).toBeGreaterThan(0);
      const take = Math.min(room.length, bytes.length - at);
      room.set(bytes.subarray(at, at + take));
      at += take;
      const frame = reader.filled(take);
      if (frame !== undefined) found.push(frame);
    }
    expect(found.map(({ payloads }) => payloads)).toEqual(FRAMES.map(({ payloads }) => payloads));
  });

  it("alias the payloads that are sent", () => {
    const payload = new Uint8Array(5);
    expect(encodeFrame({ header: {}, payloads: [payload] }).at(-1)).toBe(payload);
  });
});
