import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeToBytes } from "../../../src/proto/encode.js";
import { modelOf } from "../../support/rewrite.js";
import { constant, graphText, normalization, normalize } from "../../support/text.js";

/** What bench/readers.mjs found with one reader. */
interface Findings {
  readonly reader: string;
  readonly models: number;
  readonly read: number;
  readonly unread: readonly { readonly model: string; readonly before: string }[];
  readonly lost: readonly { readonly model: string; readonly after: string }[];
}

const BENCH = fileURLToPath(new URL("../../../bench/readers.mjs", import.meta.url));

/** Runs the bench on the built library: on the models of a folder, or on all networks at hand. */
function readersOn(folder?: string): ReadonlyMap<string, Findings> {
  const env = folder === undefined ? process.env : { ...process.env, FOLDER: folder };
  const { stdout, stderr } = spawnSync(process.execPath, [BENCH, "--json"], { encoding: "utf8", env });
  expect(stdout, stderr).toMatch(/^\[/);
  const findings: readonly Findings[] = JSON.parse(stdout);
  return new Map(findings.map((found) => [found.reader, found]));
}

const NO_OPENCV = "no Python with OpenCV is found; .ci/run installs Debian's python3-opencv";

const x = "float[2,6] x";
const weight = constant("W", [6, 5]);
const channels = normalization("bn", 5);
const image = "float[2,3,8,8] x";

/** Small graphs whose rewrites write operators anew. OpenCV reads all of them as they are. */
const SMALL: Readonly<Record<string, string>> = {
  "MatMul and Add": graphText(x, [weight, constant("c", [5])], "p = MatMul (x, W) y = Add (p, c)"),
  "MatMul and Add, square": graphText(
    x,
    [constant("W", [6, 6]), constant("c", [6])],
    "p = MatMul (x, W) y = Add (c, p)",
  ),
  "MatMul and a scalar": graphText(x, [weight, constant("c", [])], "p = MatMul (x, W) y = Add (p, c)"),
  "MatMul and a matrix": graphText(x, [weight, constant("c", [2, 5])], "p = MatMul (x, W) y = Add (p, c)"),
  "MatMul and a residual": graphText(
    x,
    [constant("W", [6, 6])],
    "r = Relu (x) p = MatMul (r, W) y = Add (p, r)",
  ),
  "MatMul of two computed matrices": graphText(
    "float[4,6] x, float[6,5] z",
    [constant("c", [5])],
    "a = Relu (x) b = Relu (z) p = MatMul (a, b) y = Add (p, c)",
  ),
  "Transpose before MatMul": graphText(
    "float[6,2] x",
    [weight],
    "t = Transpose <perm = [1, 0]> (x) y = MatMul (t, W)",
  ),
  "Transpose before MatMul, square": graphText(
    "float[6,6] x",
    [constant("W", [6, 6]), constant("c", [6])],
    "t = Transpose <perm = [1, 0]> (x) p = MatMul (t, W) y = Add (p, c)",
  ),
  "Transpose behind MatMul": graphText(x, [weight], "p = MatMul (x, W) y = Transpose <perm = [1, 0]> (p)"),
  "Transpose behind a dense layer": graphText(
    x,
    [constant("W", [5, 6]), constant("c", [5])],
    "p = Gemm <transB = 1> (x, W, c) y = Transpose <perm = [1, 0]> (p)",
  ),
  "MatMul and BatchNormalization": graphText(
    x,
    [weight, channels],
    `c = MatMul (x, W) ${normalize("y", "c", "bn")}`,
  ),
  "BatchNormalization and MatMul": graphText(
    x,
    [weight, normalization("bn", 6)],
    `${normalize("b", "x", "bn")} y = MatMul (b, W)`,
  ),
  "a shift, then MatMul": graphText(x, [weight, constant("s", [6])], "a = Add (x, s) y = MatMul (a, W)"),
  "MatMul, then a shift and a scale": graphText(
    x,
    [weight, constant("s", [5]), constant("k", [5])],
    "p = MatMul (x, W) a = Add (p, s) y = Mul (a, k)",
  ),
  "two products in a row": graphText(
    x,
    [constant("V", [6, 2]), constant("b", [2]), constant("W", [2, 4]), constant("c", [4])],
    "p = MatMul (x, V) q = Add (p, b) r = MatMul (q, W) y = Add (r, c)",
  ),
  "two dense layers in a row": graphText(
    x,
    [constant("V", [3, 6]), constant("b", [3]), constant("W", [2, 3]), constant("c", [2])],
    "p = Gemm <transB = 1> (x, V, b) y = Gemm <transB = 1> (p, W, c)",
  ),
  "a dense layer beside a product": graphText(
    x,
    [constant("V", [5, 6]), constant("b", [5]), weight],
    "p = Gemm <transB = 1> (x, V, b) q = MatMul (x, W) y = Add (p, q)",
  ),
  "two layers that share a weight": graphText(
    "float[2,6] x, float[2,6] z",
    [weight, constant("c", [5])],
    "p = MatMul (x, W) q = Add (p, c) r = MatMul (z, W) s = Add (r, c) y = Add (q, s)",
  ),
  "Conv and BatchNormalization": graphText(
    image,
    [constant("W", [4, 3, 3, 3]), normalization("bn", 4)],
    `c = Conv <kernel_shape = [3, 3]> (x, W) ${normalize("y", "c", "bn")}`,
  ),
  "Conv and a scale": graphText(
    image,
    [constant("W", [4, 3, 1, 1]), constant("k", [4, 1, 1])],
    "c = Conv <kernel_shape = [1, 1]> (x, W) y = Mul (c, k)",
  ),
  "Sigmoid and Mul": graphText(image, [], "s = Sigmoid (x) y = Mul (x, s)"),
};

describe("small graphs", () => {
  let found: ReadonlyMap<string, Findings> = new Map();
  const folder = mkdtempSync(join(tmpdir(), "normfold-readers-"));

  beforeAll(() => {
    for (const [name, text] of Object.entries(SMALL)) {
      // Readers that infer no shapes want the type of the output.
      const sizes = OUTPUTS[name] ?? "2,5";
      const model = modelOf(text.replace("=> (y)", `=> (float[${sizes}] y)`), 11);
      writeFileSync(join(folder, `${name}.onnx`), encodeToBytes(model));
    }
    found = readersOn(folder);
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.for(["OpenCV", "onnxruntime-web"])("%s reads all of them before and after", (reader, { skip }) => {
    const findings = found.get(reader);
    if (findings === undefined) skip(NO_OPENCV);
    expect(findings?.unread).toEqual([]);
    expect(findings?.lost).toEqual([]);
    expect(findings?.read).toBe(Object.keys(SMALL).length);
  });
});

/** The sizes of outputs that are not float[2,5]. */
const OUTPUTS: Readonly<Record<string, string>> = {
  "MatMul and Add, square": "2,6",
  "MatMul and a residual": "2,6",
  "MatMul of two computed matrices": "4,5",
  "Transpose before MatMul, square": "6,6",
  "Transpose behind MatMul": "5,2",
  "Transpose behind a dense layer": "5,2",
  "two products in a row": "2,4",
  "two dense layers in a row": "2,2",
  "Conv and BatchNormalization": "2,4,6,6",
  "Conv and a scale": "2,4,8,8",
  "Sigmoid and Mul": "2,3,8,8",
};

describe("all networks at hand", () => {
  let found: ReadonlyMap<string, Findings> = new Map();
  beforeAll(() => {
    found = readersOn();
  }, 900_000);

  it.for([
    ["OpenCV", 15],
    ["onnxruntime-web", 30],
  ] as const)("%s reads after optimize what it read before", ([reader, least], { skip }) => {
    const findings = found.get(reader);
    if (findings === undefined) skip(NO_OPENCV);
    expect(findings?.lost).toEqual([]);
    expect(findings?.read).toBeGreaterThanOrEqual(least);
  });
});
