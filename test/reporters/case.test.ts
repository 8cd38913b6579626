import { describe, expect, it } from "vitest";
import type { DiffDocument, ErrorDocument, OptimizeDocument } from "../../src/contract/documents.js";
import { casesOf } from "../../src/reporters/case.js";

const ENVELOPE = { schemaVersion: 1, program: { name: "normfold", version: "1" } } as const;
const FILES = { path: "a.onnx", bytes: 10, sha256: "", files: [] };
const EMPTY = { same: 1, renamed: 0, changed: [], removed: [], added: [] };

describe("casesOf", () => {
  it("has one for a command that failed, an error unless outputs differ", () => {
    const error = {
      code: "io",
      id: "x",
      message: "m",
      file: "a.onnx",
      element: "Conv",
      exitCode: 5,
    } as const;
    const document: ErrorDocument = { ...ENVELOPE, command: "optimize", error };
    expect(casesOf(document)).toEqual([
      {
        name: "a.onnx",
        file: "a.onnx",
        status: "error",
        seconds: 0,
        findings: [{ severity: "error", title: "x", message: "Conv: m" }],
        figures: [],
      },
    ]);
    expect(casesOf({ ...document, error: { ...error, code: "check" } })[0]?.status).toBe("failed");
  });

  it("has one for each run", () => {
    const error = { code: "invalid", id: "x", message: "m", exitCode: 3 } as const;
    const document: OptimizeDocument = {
      ...ENVELOPE,
      command: "optimize",
      exitCode: 3,
      runs: [{ status: "failed", input: { path: "b.onnx" }, error }],
    };
    expect(casesOf(document)).toMatchObject([{ name: "b.onnx", file: "b.onnx", status: "error" }]);
  });

  it("fails where two models differ, and says in what", () => {
    const diff = {
      same: false,
      ignored: [],
      fields: [],
      opsets: [{ name: "ai.onnx", before: "17", after: undefined }],
      metadata: [],
      inputs: [],
      outputs: [],
      operators: [{ operator: "Relu", before: 1, after: 2 }],
      nodes: EMPTY,
      weights: EMPTY,
      other: undefined,
    };
    const document: DiffDocument = { ...ENVELOPE, command: "diff", before: FILES, after: FILES, diff };
    const [found] = casesOf(document);
    expect([found?.status, found?.findings.map(({ title, message }) => `${title} ${message}`)]).toEqual([
      "failed",
      [
        "opsets ai.onnx: 17 -> none",
        "operators Relu: 1 -> 2",
        "nodes 0 changed, 0 removed, 0 added",
        "weights 0 changed, 0 removed, 0 added",
      ],
    ]);
    expect(casesOf({ ...document, diff: { ...diff, same: true } })[0]).toMatchObject({
      status: "passed",
      findings: [],
    });
  });
});
