import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { parse, saveModel } from "../../src/index.js";
import {
  BIN,
  CONV_BN,
  CUSTOM,
  expectError,
  expectFailure,
  filesIn,
  node,
  normfold,
  temporaryFolder,
  writeModel,
} from "../support/cli.js";

const cwd = temporaryFolder();
const at = (name: string): string => join(cwd, name);
let before: string[] = [];

beforeAll(async () => {
  await writeModel(at("bn.onnx"), CONV_BN);
  await writeModel(at("custom.onnx"), CUSTOM);
  await saveModel(parse(CONV_BN), at("split.onnx"), { externalData: { threshold: 8 } });
  const bytes = readFileSync(at("bn.onnx"));
  writeFileSync(at("truncated.onnx"), bytes.subarray(0, bytes.length - 40));
  const flipped = Uint8Array.from(bytes, (byte, i) => (i < 12 ? byte ^ 0xff : byte));
  writeFileSync(at("flipped.onnx"), flipped);
  writeFileSync(at("text.onnx"), "this is no model\n".repeat(20));
  writeFileSync(at("empty.onnx"), "");
  const oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
  writeFileSync(
    at("lfs.onnx"),
    `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 12345\n`,
  );
  mkdirSync(at("folder"));
  mkdirSync(at("apart"));
  writeFileSync(at("apart/split.onnx"), readFileSync(at("split.onnx")));
  symlinkSync(at("bn.onnx"), at("link.onnx"));
  before = filesIn(cwd);
});

/** Runs it in the folder, sees it fail alike as text and as JSON, and sees that it left nothing behind. */
async function fails(args: readonly string[], code: number, id: string, message = /./): Promise<void> {
  const [text, json] = await Promise.all([normfold(args, { cwd }), normfold([...args, "--json"], { cwd })]);
  expectFailure(text, code, message);
  expectError(json, code, id, message);
  expect(filesIn(cwd)).toEqual(before);
}

describe("usage: exit 2", () => {
  test.each<[string, string[], string, RegExp]>([
    ["no output", ["optimize", "bn.onnx"], "target-is-missing", /--output <file> or --in-place/],
    [
      "two outputs",
      ["optimize", "bn.onnx", "-o", "x.onnx", "--in-place"],
      "target-is-given-twice",
      /give one/,
    ],
    [
      "the input as output",
      ["optimize", "bn.onnx", "-o", "./bn.onnx"],
      "target-is-input",
      /is the input; give --in-place/,
    ],
    [
      "the input as output, by a link",
      ["optimize", "bn.onnx", "-o", "link.onnx"],
      "target-is-input",
      /is the input/,
    ],
    [
      "the input's data as output",
      ["optimize", "split.onnx", "-o", "split.onnx.data"],
      "target-holds-input-data",
      /holds data of the input/,
    ],
    [
      "standard input in place",
      ["optimize", "-", "--in-place"],
      "standard-input-is-no-output",
      /cannot be written over/,
    ],
    [
      "an unknown option",
      ["optimize", "bn.onnx", "--skp", "x"],
      "unknown-flag",
      /no option "--skp"; did you mean "--skip"/,
    ],
    [
      "an unknown command",
      ["optimise", "bn.onnx"],
      "unknown-command",
      /no command "optimise"; did you mean "optimize"/,
    ],
    [
      "a model without a command",
      ["bn.onnx"],
      "model-stands-for-command",
      /no command "bn\.onnx"; .*normfold optimize/,
    ],
    [
      "a missing argument",
      ["inspect"],
      "argument-is-missing",
      /argument "model" is missing; write "normfold inspect <model>"/,
    ],
    ["two inputs", ["inspect", "bn.onnx", "custom.onnx"], "too-many-arguments", /too many arguments/],
    [
      "help for no command",
      ["help", "passses"],
      "unknown-command",
      /no command "passses"; did you mean "passes"/,
    ],
    [
      "two lists of passes",
      ["passes", "--operators", "--operator", "Conv"],
      "option-has-no-effect",
      /--operators has/,
    ],
    [
      "two lists of operators",
      ["passes", "--gradients", "--operators"],
      "option-has-no-effect",
      /--gradients has/,
    ],
    [
      "no operator",
      ["passes", "--operator", ""],
      "operator-is-unknown",
      /no operator ""; "normfold passes --oper/,
    ],
    [
      "an operator of another domain",
      ["passes", "--operator", "FusedMatMul"],
      "operator-is-unknown",
      /standard domain has no operator "FusedMatMul"; "normfold passes --operators" lists/,
    ],
    [
      "an opset that is not there",
      ["optimize", "bn.onnx", "-o", "x.onnx", "--opset", "99", "--no-check"],
      "target-opset-does-not-exist",
      /no opset 99 to raise to; choose one from \d\d to 26/,
    ],
    [
      "an unknown pass",
      ["optimize", "bn.onnx", "-o", "x.onnx", "--pass", "fold-afine-up"],
      "unknown-pass",
      /mean "fold-affine-up"/,
    ],
    [
      "an unknown pass to skip",
      ["optimize", "bn.onnx", "-o", "x.onnx", "--skip", "zzz"],
      "unknown-pass",
      /"normfold passes"/,
    ],
    [
      "no pass at all",
      ["optimize", "bn.onnx", "-o", "x.onnx", "--pass", ""],
      "wrong-option-value",
      /--pass is "".*give a name/,
    ],
    [
      "a size that the model declares otherwise",
      ["optimize", "bn.onnx", "-o", "x.onnx", "--input-shape", "x:1,3,4,5"],
      "size-contradicts-model",
      /input "x" has size 2 in dimension 1 and 3 is given/,
    ],
    [
      "a bad seed",
      ["optimize", "bn.onnx", "-o", "x.onnx", "--seed", "1.5"],
      "wrong-option-value",
      /--seed.*whole number/,
    ],
    [
      "a bad shape",
      ["optimize", "bn.onnx", "-o", "x.onnx", "--input-shape", "x"],
      "wrong-option-value",
      /like x:1,3,224,224/,
    ],
    [
      "a bad threshold",
      ["optimize", "--external-data", "bn.onnx", "-o", "x.onnx"],
      "wrong-option-value",
      /number of bytes/,
    ],
    [
      "a shape for no input",
      ["optimize", "bn.onnx", "-o", "x.onnx", "--input-shape", "z:1"],
      "shape-is-for-no-input",
      /no input "z" to give a shape; choose among "x"/,
    ],
    [
      "data of no known kind",
      ["optimize", "bn.onnx", "-o", "x.onnx", "--check-inputs", "text.onnx"],
      "feed-format-is-unknown",
      /\.npz/,
    ],
  ])("%s", async (_, args, id, message) => {
    await fails(args, 2, id, message);
  });

  test("model and JSON on stdout", async () => {
    const result = await normfold(["optimize", "bn.onnx", "-o", "-", "-q", "--json"], { cwd });
    expectError(result, 2, "standard-output-is-taken");
  });

  test("nothing at all prints the help on stderr", async () => {
    const { code, stdout, stderr } = await normfold([], { cwd });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^Usage: normfold/);
  });
});

describe("unreadable and invalid models: exit 3", () => {
  test.each([
    ["truncated.onnx", "field-is-longer-than-message"],
    ["flipped.onnx", "field-header-is-malformed"],
    ["text.onnx", "file-is-text"],
    ["empty.onnx", "model-file-is-empty"],
    ["lfs.onnx", "file-is-git-lfs-pointer"],
  ])("%s", async (file, id) => {
    await fails(["optimize", file, "-o", "x.onnx"], 3, id, new RegExp(`^error: ${file}.*: \\w+`));
  });

  test("a Git LFS pointer is called by its name", async () => {
    await fails(["inspect", "lfs.onnx"], 3, "file-is-git-lfs-pointer", /git.lfs/i);
  });

  test("on standard input", async () => {
    const result = await normfold(["inspect", "-"], { cwd, input: "no model" });
    expectFailure(result, 3, /^error: standard input/);
    const empty = await normfold(["inspect", "-"], { cwd, input: "" });
    expectFailure(empty, 3, /^error: standard input: there is nothing in it; fetch the model again/);
  });
});

describe("files: exit 5", () => {
  test.each<[string, string[], string, RegExp]>([
    [
      "no such model",
      ["optimize", "none.onnx", "-o", "x.onnx"],
      "file-is-not-there",
      /none\.onnx: there is no such file/,
    ],
    ["a folder as model", ["inspect", "folder"], "folder-is-not-model", /folder: this is a folder/],
    [
      "no such output folder",
      ["optimize", "bn.onnx", "-o", "none/x.onnx"],
      "folder-is-not-there",
      /the folder does not exist/,
    ],
    [
      "a folder as output",
      ["optimize", "bn.onnx", "-o", "folder"],
      "folder-cannot-be-overwritten",
      /this is a folder/,
    ],
    [
      "a file as folder",
      ["optimize", "bn.onnx", "-o", "text.onnx/x.onnx"],
      "path-leads-through-file",
      /no folder/,
    ],
    [
      "no such data",
      ["optimize", "bn.onnx", "-o", "x.onnx", "--check-inputs", "none.npz"],
      "file-is-not-there",
      /none\.npz/,
    ],
    [
      "missing external data",
      ["optimize", "apart/split.onnx", "-o", "x.onnx"],
      "file-is-not-there",
      /split\.onnx\.data/,
    ],
  ])("%s", async (_, args, id, message) => {
    await fails(args, 5, id, message);
  });

  test.skipIf(process.getuid?.() === 0)("an output folder without permission (not as root)", async () => {
    chmodSync(at("folder"), 0o555);
    await fails(["optimize", "bn.onnx", "-o", "folder/x.onnx"], 5, "writing-is-not-permitted");
    chmodSync(at("folder"), 0o755);
  });

  test.skipIf(!existsSync("/dev/full"))("a full disk (needs /dev/full)", async () => {
    await fails(["optimize", "bn.onnx", "-o", "/dev/full", "--no-check"], 5, "disk-is-full");
  });
});

describe("--json", () => {
  test("errors are one document too, with the exit code", async () => {
    const cases = [
      { args: ["optimize", "text.onnx", "-o", "x.onnx"], exit: 3, code: "invalid", file: "text.onnx" },
      { args: ["inspect", "none.onnx"], exit: 5, code: "io", file: "none.onnx" },
      {
        args: ["optimize", "custom.onnx", "-o", "x.onnx"],
        exit: 4,
        code: "unsupported",
        file: "custom.onnx",
      },
      { args: ["check", "bn.onnx"], exit: 2, code: "usage", file: undefined },
    ];
    for (const { args, exit, code, file } of cases) {
      const result = await normfold([...args, "--json"], { cwd });
      expect([result.code, result.stderr]).toEqual([exit, ""]);
      const { error } = JSON.parse(result.stdout);
      expect(error.id).toMatch(/^[a-z][a-z-]+$/);
      expect(error).toMatchObject({ code, exitCode: exit, ...(file === undefined ? {} : { file }) });
      expect(error.message).not.toContain("\n");
    }
    expect(filesIn(cwd)).toEqual(before);
  });
});

describe("a bug in normfold: exit 70", () => {
  const failure = pathToFileURL(join(BIN, "../../src/cli/failure.js")).href;
  const script = `const { reportFailure } = await import("${failure}");
    process.exitCode = await reportFailure(new TypeError("x is not a function\\nat all"));`;

  test("one line that asks for a report", async () => {
    const result = await node(["--input-type=module", "-e", script]);
    expectFailure(result, 70, /^error: internal: TypeError: x is not a function at all; please report/);
  });

  test("NORMFOLD_DEBUG=1 shows the stack", async () => {
    const { code, stderr } = await node(["--input-type=module", "-e", script], {
      env: { NORMFOLD_DEBUG: "1" },
    });
    expect(code).toBe(70);
    expect(stderr).toContain("    at ");
  });

  test("a wait for something that never comes, which Node would end in silence", async () => {
    const stalls = `const { reportStalls } = await import("${failure}"); reportStalls(); await new Promise(() => {});`;
    expectFailure(
      await node(["--input-type=module", "-e", stalls]),
      70,
      /^error: internal: the command waits for something that never comes; please report/,
    );
  });
});
