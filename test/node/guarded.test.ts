import { describe, expect, it } from "vitest";
import { NormfoldError } from "../../src/base/errors.js";
import { guarded, inFile, ioError } from "../../src/node/guarded.js";

const system = (code: string): Error => Object.assign(new Error(`${code}: it failed`), { code });

describe("errors of the operating system", () => {
  it.each([
    ["ENOENT", "file-is-not-there", "folder-is-not-there"],
    ["ENOTDIR", "path-leads-through-file", "path-leads-through-file"],
    ["EISDIR", "folder-is-not-model", "folder-cannot-be-overwritten"],
    ["EACCES", "reading-is-not-permitted", "writing-is-not-permitted"],
    ["EROFS", "file-cannot-be-read", "file-system-is-read-only"],
    ["ENOSPC", "disk-is-full", "disk-is-full"],
    ["EPIPE", "writer-closed-pipe", "reader-closed-pipe"],
    ["EIO", "file-cannot-be-read", "file-cannot-be-written"],
  ])("%s is one kind for reading and one for writing", (code, read, write) => {
    const cause = system(code);
    for (const [doing, id] of [["read", read] as const, ["write", write] as const]) {
      expect(ioError(cause, "a.onnx", doing)).toMatchObject({
        code: "io",
        id,
        cause,
        where: { file: "a.onnx" },
      });
    }
  });

  it("keep their code where nothing better can be said", () => {
    expect(ioError(system("EIO"), "a.onnx", "read").message).toContain("(EIO)");
  });
});

describe("a NormfoldError", () => {
  const error = new NormfoldError("invalid", "it is damaged");

  it("passes through guarded as it is", () => {
    expect(() =>
      guarded("a.onnx", "read", () => {
        throw error;
      }),
    ).toThrow(error);
  });

  it("gets the file and the element, and keeps a file that it names already", () => {
    const place = (thrown: NormfoldError): unknown => {
      try {
        inFile(
          "a.npz",
          () => {
            throw thrown;
          },
          'array "x"',
        );
      } catch (caught) {
        return caught instanceof NormfoldError ? caught.where : caught;
      }
      return undefined;
    };
    expect(place(error)).toEqual({ file: "a.npz", element: 'array "x"' });
    expect(place(error.at({ file: "x.npy" }))).toEqual({ file: "x.npy", element: 'array "x"' });
  });
});
