import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");

/** The examples of the README, run as they stand, in order, on the built library. */
describe("the README's examples", () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "normfold-readme-"));
    copyFileSync(join(root, "models/zoo/mlp_mnist_sigmoid_bn.onnx"), join(folder, "model.onnx"));
    copyFileSync(join(root, "models/zoo/mlp_mnist_sigmoid_plain.onnx"), join(folder, "plain.onnx"));
    writeFileSync(join(folder, "x.npy"), npy([120, 784]));
    writeFileSync(
      join(folder, "y.npy"),
      npy([120], "<i8", (i) => i % 10),
    );
    writeFileSync(join(folder, "data.npz"), zipSync({ "arr_0.npy": npy([2, 784]) }));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (index: number): string => {
    const door = (name: string): string =>
      JSON.stringify(new URL(`../dist/src/${name}.js`, import.meta.url).href);
    const file = join(folder, `example-${index}.mjs`);
    writeFileSync(
      file,
      (blocks[index] ?? "")
        .replace('from "normfold"', `from ${door("index")}`)
        .replace('from "normfold/train"', `from ${door("train")}`),
    );
    return execFileSync(process.execPath, [file], { cwd: folder, encoding: "utf8" });
  };

  it("are the five this test knows", () => {
    expect(blocks).toHaveLength(5);
  });

  it("type-check in a strict project", () => {
    const files = blocks.map((block, index) => {
      const file = join(folder, `typed-${index}.ts`);
      writeFileSync(file, `${block}\nexport {};\n`);
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

  it("optimize and save", () => {
    expect(run(0)).toMatch(/^10 -> 7 equal\n/);
  });

  it("compare on data", () => {
    const [status, difference] = run(1).trim().split(" ");
    expect(status).toBe("equal");
    expect(Number(difference)).toBeLessThan(1e-5);
  });

  it("edit a graph", () => {
    const printed = run(2);
    expect(printed).toMatch(/^0 /);
    expect(printed).toContain("Tanh(x)");
    expect(printed).not.toContain("Relu");
  });

  it("run a pass of one's own", () => {
    expect(run(3)).toMatch(/^1 \[.*after Exp "e" does nothing/s);
  });

  it("insert, train and fold away", () => {
    expect(run(4)).toBe("4 3 0\n");
  });
});

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
