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
