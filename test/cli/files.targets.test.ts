import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { loadModel, parse, saveModel } from "../../src/index.js";
import { BIN, CONV_BN, expectFailure, normfold, temporaryFolder } from "../support/cli.js";

/** No command writes over a file that it reads, whatever name leads there. */

const cwd = temporaryFolder();
const at = (name: string): string => join(cwd, name);

beforeEach(async () => {
  for (const name of readdirSync(cwd)) rmSync(at(name), { recursive: true });
  // A copy of a model whose data bears the name of the model that it was copied from.
  await saveModel(parse(CONV_BN), at("out.onnx"), { externalData: 0 });
  copyFileSync(at("out.onnx"), at("copy.onnx"));
  rmSync(at("out.onnx"));
  await saveModel(parse(CONV_BN), at("plain.onnx"));
});

const everything = (): readonly Buffer[] =>
  readdirSync(cwd, { recursive: true, encoding: "utf8" })
    .filter((name) => existsSync(at(name)) && name.includes("."))
    .map((name) => readFileSync(at(name)));

async function expectRefused(args: readonly string[], message: RegExp): Promise<void> {
  const before = everything();
  expectFailure(await normfold(args, { cwd }), 2, message);
  expect(everything()).toEqual(before);
}

describe("the data of the input", () => {
  const optimize = ["optimize", "copy.onnx", "--external-data", "0", "-o"];

  test("stays, where the result's data would have its name", async () => {
    await expectRefused(
      [...optimize, "out.onnx"],
      /the data would go to "out.onnx.data", which the input reads/,
    );
  });

  test("stays, also where the result has been there before", async () => {
    copyFileSync(at("copy.onnx"), at("out.onnx"));
    await expectRefused([...optimize, "out.onnx"], /which the input reads/);
  });

  test("stays under another name of the file", async () => {
    linkSync(at("out.onnx.data"), at("hard.onnx.data"));
    symlinkSync("out.onnx.data", at("soft.onnx.data"));
    for (const name of ["hard.onnx", "soft.onnx"])
      await expectRefused([...optimize, name], /which the input reads/);
  });

  test.each(["optimize", "freeze", "lower", "prepare", "insert", "ensemble"])(
    "is no target of %s",
    async (command) => {
      copyFileSync(at("out.onnx.data"), at("data.onnx"));
      const renamed = readFileSync(at("copy.onnx"), "latin1").replaceAll(
        "out.onnx.data",
        "./././data.onnx".slice(-13),
      );
      writeFileSync(at("reader.onnx"), renamed, "latin1");
      await loadModel(at("reader.onnx"));
      const second = command === "ensemble" ? ["reader.onnx"] : [];
      const more = command === "prepare" ? ["--recipe", "batchnorm-paper"] : [];
      await expectRefused(
        [command, "reader.onnx", ...second, ...more, "-o", "data.onnx"],
        /holds data of the input|is the input|one of the models/,
      );
    },
  );

  test("may be replaced in place, under a new name while the old model reads the old one", async () => {
    const { code, stdout } = await normfold(
      ["optimize", "copy.onnx", "--in-place", "--external-data", "0", "--json"],
      { cwd },
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout).runs[0].output.files).toHaveLength(2);
    const { graph } = await loadModel(at("copy.onnx"));
    expect([...graph.initializers].every(({ tensor }) => tensor?.bytes() !== undefined)).toBe(true);
    // It is not named after copy.onnx, so that it may be another's.
    expect(existsSync(at("out.onnx.data"))).toBe(true);
  });
});

describe("other files that a command reads", () => {
  test("are no targets: data, labels, checkpoints, logs", async () => {
    writeFileSync(at("x.npy"), "data");
    mkdirSync(at("set"));
    writeFileSync(at("set/input_0.pb"), "data");
    symlinkSync("x.npy", at("link.onnx"));
    const train = ["train", "plain.onnx", "--data", "x.npy", "--labels", "set/input_0.pb", "-o", "o.onnx"];
    await expectRefused(
      ["insert", "plain.onnx", "--data", "x.npy", "-o", "link.onnx"],
      /read by this command/,
    );
    await expectRefused(
      ["calibrate", "plain.onnx", "--data", "set", "-o", "set/input_0.pb"],
      /read by this command/,
    );
    await expectRefused(
      ["optimize", "plain.onnx", "--check-inputs", "set", "-o", "set/input_0.pb"],
      /read by this/,
    );
    await expectRefused([...train, "--checkpoint", "plain.onnx"], /read by this command/);
    await expectRefused([...train, "--log", "x.npy"], /read by this command/);
    await expectRefused([...train, "--log", "o.onnx"], /two outputs would go to "o.onnx"/);
    await expectRefused([...train, "--training-info", "./o.onnx"], /two outputs/);
  });

  test("may be beside the target, in a folder of test data", async () => {
    mkdirSync(at("set"));
    const { code, stderr } = await normfold(
      ["optimize", "plain.onnx", "-o", "set/o.onnx", "--no-check", "-q"],
      { cwd },
    );
    expect([code, stderr]).toEqual([0, ""]);
  });
});

describe("places that cannot take a file", () => {
  const canMount = ((): boolean => {
    try {
      execFileSync("unshare", ["-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  })();

  test.skipIf(!canMount)(
    "a file that is mounted by itself is refused before the work (needs the right to mount)",
    () => {
      copyFileSync(at("plain.onnx"), at("mounted here.onnx"));
      const before = everything();
      const script = `mount --bind plain.onnx "mounted here.onnx" && "$0" "$1" optimize plain.onnx --in-place -q;
      echo "code $?"; "$0" "$1" optimize copy.onnx -o "mounted here.onnx" -q; echo "code $?"`;
      const said = execFileSync("unshare", ["-m", "sh", "-c", `(${script}) 2>&1`, process.execPath, BIN], {
        cwd,
      });
      expect(said.toString()).toMatch(
        /^(code 0\n)?.*mounted here\.onnx: it is mounted by itself.*\ncode 5\n$/,
      );
      expect(everything().length).toBe(before.length);
    },
  );
});

describe("what earlier runs left", () => {
  test("a data file of the result's name that nothing reads is named, and stays", async () => {
    writeFileSync(at("new.onnx.data"), "stale");
    const { code, stderr } = await normfold(["optimize", "plain.onnx", "-o", "new.onnx", "--no-check"], {
      cwd,
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^note: .*new\.onnx\.data is of an earlier run, it seems.*\n$/);
    expect(readFileSync(at("new.onnx.data"), "utf8")).toBe("stale");
  });

  test("a temporary file of a process that is gone is removed, and one of another machine is named", async () => {
    writeFileSync(at(".normfold-00000000-1-aaaaaaaa.tmp"), "x");
    const { stderr } = await normfold(["optimize", "plain.onnx", "-o", "new.onnx", "--no-check"], { cwd });
    expect(stderr).toMatch(/^note: .*\.normfold-00000000-1-aaaaaaaa\.tmp is of an earlier run/);
    const quiet = await normfold(["optimize", "plain.onnx", "-o", "new.onnx", "--no-check", "-q"], { cwd });
    expect(quiet.stderr).toBe("");
  });
});
