import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The pages with examples, and the output of each example, in order. */
const PAGES: Readonly<Record<string, readonly RegExp[]>> = {
  "README.md": [/^10 -> 7 equal\n/],
  "docs/library.md": [
    /^equal (?:0|0\.00000\d+|\d(?:\.\d+)?e-\d+)\n$/,
    /^0 (?!.*Relu).*Tanh\(x\)/s,
    /^1 \[.*after Exp "e" does nothing/s,
    /^equal\n$/,
  ],
  "docs/profile.md": [/^\[ 99700, 99400 \] true\n$/],
  "docs/training.md": [/^4 3 0\n$/],
  "docs/reduce.md": [/^4 1 <[^{]*\{\n {2}y = Erf\(x\)\n\}\n/],
  "docs/writing-a-pass.md": [
    /^1 equal (?!.*Relu).*Exp/s,
    /^0 \[.*id: 'both-are-outputs'/s,
    /^equal \[ 'the exponent "p" is computed' \].*y = Mul\(x, x\).*z = Pow\(x, p\)/s,
    /Add\(a, a\)/,
    /^pass-does-not-converge pass use-\w+ and use-\w+ does not come to a fixed point/,
    /^$/,
  ],
};

const examples = Object.entries(PAGES).flatMap(([page, expected]) => {
  const blocks = [...readFileSync(join(root, page), "utf8").matchAll(/```ts\n([\s\S]*?)```/g)];
  return blocks.map(([, code = ""], index) => ({ page, index, code, expected: expected[index] }));
});

/** The examples of the README and of docs/, type-checked and run as they stand, on the built library. */
describe("the examples", () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "normfold-examples-"));
    copyFileSync(join(root, "models/zoo/mlp_mnist_sigmoid_bn.onnx"), join(folder, "model.onnx"));
    copyFileSync(join(root, "models/zoo/mlp_mnist_sigmoid_bn.onnx"), join(folder, "folded.onnx"));
    copyFileSync(join(root, "models/zoo/mlp_mnist_sigmoid_plain.onnx"), join(folder, "plain.onnx"));
    writeFileSync(join(folder, "x.npy"), npy([120, 784]));
    writeFileSync(
      join(folder, "y.npy"),
      npy([120], "<i8", (i) => i % 10),
    );
    writeFileSync(join(folder, "data.npz"), zipSync({ "arr_0.npy": npy([2, 784]) }));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("are as many as this test knows", () => {
    const counts = Object.keys(PAGES).map(
      (page) => examples.filter((example) => example.page === page).length,
    );
    expect(counts).toEqual(Object.values(PAGES).map((expected) => expected.length));
  });

  it("type-check in a strict project", () => {
    const files = examples.map(({ page, index, code }) => {
      const file = join(folder, `${page.replaceAll(/\W/g, "-")}-${index}.ts`);
      writeFileSync(file, `${onDist(code)}\nexport {};\n`);
      return file;
    });
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const config = {
      compilerOptions: {
        strict: true,
        noUncheckedIndexedAccess: true,
        noEmit: true,
        target: "es2023",
        module: "nodenext",
        types: ["node"],
        typeRoots: [join(root, "node_modules/@types")],
        paths: {
          normfold: [join(root, "dist/src/index.d.ts")],
          "normfold/train": [join(root, "dist/src/train.d.ts")],
        },
      },
      files,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    const { stdout, status } = spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });

  it.each(examples)("$page, example $index, runs", ({ page, index, code, expected = /^/ }) => {
    const file = join(folder, `${page.replaceAll(/\W/g, "-")}-${index}.mjs`);
    writeFileSync(file, javaScript(onDist(code)));
    expect(execFileSync(process.execPath, [file], { cwd: folder, encoding: "utf8" })).toMatch(expected);
  });
});

/** Imports of files of the project, which one example has, as imports of the built files. */
function onDist(code: string): string {
  return code.replaceAll('from "../src/', `from "${root}dist/src/`);
}

/** Without types, and with the doors as the files that Node gets. */
function javaScript(code: string): string {
  const door = (name: string): string =>
    JSON.stringify(new URL(`../dist/node/${name}.js`, import.meta.url).href);
  return transformSync(code, { loader: "ts", format: "esm", target: "es2022" })
    .code.replaceAll('from "normfold"', `from ${door("index")}`)
    .replaceAll('from "normfold/train"', `from ${door("train")}`);
}

/** An array in NumPy's format, version 1.0; ramps of float32 where nothing else is said. */
function npy(
  shape: readonly number[],
  descr: "<f4" | "<i8" = "<f4",
  value: (index: number) => number = (i) => ((i * 37) % 101) / 50 - 1,
): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const padded = `${dictionary.padEnd(64 * Math.ceil((11 + dictionary.length) / 64) - 11)}\n`;
  const header = Uint8Array.from([
    0x93,
    ...new TextEncoder().encode("NUMPY"),
    1,
    0,
    padded.length & 255,
    padded.length >> 8,
  ]);
  const numbers = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i));
  const values = descr === "<f4" ? Float32Array.from(numbers) : BigInt64Array.from(numbers, BigInt);
  return Buffer.concat([header, new TextEncoder().encode(padded), new Uint8Array(values.buffer)]);
}
