import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse, print } from "../../src/index.js";
import { CONV_BN, normfold, temporaryFolder, writeModel } from "../support/cli.js";

const cwd = temporaryFolder();

beforeAll(async () => {
  await writeModel(join(cwd, "bn.onnx"), CONV_BN);
});

describe("normfold print", () => {
  test("prints ONNX text that can be read again", async () => {
    const { code, stdout } = await normfold(["print", "bn.onnx", "--max-elements", "all"], { cwd });
    expect(code).toBe(0);
    expect(print(parse(stdout))).toBe(print(parse(CONV_BN)));
    const short = await normfold(["print", "bn.onnx", "--max-elements", "2"], { cwd });
    expect(short.stdout).toContain("{...}");
  });

  test("its text is a model for every command, from a file under any name and from standard input", async () => {
    const { stdout: text } = await normfold(["print", "bn.onnx", "--max-elements", "all"], { cwd });
    writeFileSync(join(cwd, "text.onnx"), text);
    const calls = [
      ["print", "text.onnx", "--max-elements", "all"],
      ["print", "-", "--max-elements", "all"],
      ["inspect", "-"],
      ["check", "bn.onnx", "text.onnx"],
      ["optimize", "-", "-o", "folded.onnx"],
      ["freeze", "text.onnx", "-o", "frozen.onnx"],
      ["insert", "text.onnx", "--dry-run"],
    ];
    for (const args of calls) {
      const { code, stdout, stderr } = await normfold(args, { cwd, input: text });
      expect([args, code, stderr]).toEqual([args, 0, ""]);
      if (args[0] === "print") expect(stdout).toBe(text);
    }
    const { stdout: short } = await normfold(["print", "bn.onnx", "--max-elements", "1"], { cwd });
    const { code, stderr } = await normfold(["optimize", "-", "-o", "no.onnx"], { cwd, input: short });
    expect(code).toBe(3);
    expect(stderr).toMatch(/^error: standard input, line \d+, column \d+: .*--max-elements all.*\n$/);
  }, 60_000);

  test("names of strangers reach a terminal escaped, from every command", async () => {
    const evil = "\u001b[31mE\u0007\n\u009b2J\u202e\u2066\u200b\ufeff\u2028\u007f";
    const name = JSON.stringify(evil).slice(1, -1).replaceAll("\u2028", "\\u2028");
    const model = `<ir_version: 8, opset_import: ["" : 17], producer_name: "${name}", doc_string: "${name}",
        metadata_props: ["${name}": "${name}"]>
      "${name}" (float["${name}"] "${name}x") => (float["${name}"] "${name}y")
      <float[2] "${name}s" = {1, 2}> { ["${name}n"] "${name}y" = Unknown <"${name}" = "${name}"> ("${name}x") }`;
    for (const file of ["evil.onnx", "evil2.onnx"]) await writeModel(join(cwd, file), model);
    const calls = [
      ["print", "evil.onnx"],
      ["inspect", "evil.onnx", "--all"],
      ["inspect", "evil.onnx", "--json"],
      ["optimize", "evil.onnx", "-o", "o.onnx", "--no-check", "--explain"],
      ["optimize", "evil.onnx", "-o", "o.onnx", "--no-check", "--json"],
      ["optimize", "evil.onnx", "-o", "o.onnx"],
      ["check", "evil.onnx", "evil2.onnx"],
      ["insert", "evil.onnx", "--dry-run"],
      ["print", `${evil}.onnx`],
      [evil],
    ];
    for (const args of calls) {
      const { stdout, stderr } = await normfold(args, { cwd });
      expect(stdout + stderr, args.join(" ")).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(stdout + stderr, args.join(" ")).not.toBe("");
    }
  }, 60_000);
});
