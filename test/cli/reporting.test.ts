import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, test } from "vitest";
import { reportingIn, reportingOf } from "../../src/cli/reporting.js";
import {
  CONV_BN,
  CONV_BN_CHANGED,
  expectFailure,
  normfold,
  temporaryFolder,
  writeModel,
} from "../support/cli.js";
import { expectDocument } from "../support/documents.js";
import { expectJUnit } from "../support/junit.js";

const cwd = temporaryFolder();
const read = (name: string): string => readFileSync(join(cwd, name), "utf8");

beforeAll(async () => {
  mkdirSync(join(cwd, "many"));
  await writeModel(join(cwd, "bn.onnx"), CONV_BN);
  await writeModel(join(cwd, "many/a.onnx"), CONV_BN);
  await writeModel(join(cwd, "changed.onnx"), CONV_BN_CHANGED);
  writeFileSync(join(cwd, "many/b.onnx"), "no model");
});

describe("reportingOf", () => {
  it("is the text, unless others are asked for", () => {
    expect(reportingOf({})).toMatchObject({ needsDocument: false, hasText: true, takesStdout: false });
    expect(reportingOf({ quiet: true })).toMatchObject({ hasText: false, reporters: [] });
    expect(reportingOf({ json: true })).toMatchObject({
      needsDocument: true,
      hasText: false,
      takesStdout: true,
    });
    expect(reportingOf({ reporter: ["text", "junit=r.xml"] })).toMatchObject({
      hasText: true,
      takesStdout: false,
    });
  });

  it("refuses what there is not, and two in one place", () => {
    expect(() => reportingOf({ reporter: ["xml"] })).toThrow('no reporter "xml"; give some of text, json');
    expect(() => reportingOf({ reporter: ["junit="] })).toThrow('no reporter "junit="');
    expect(() => reportingOf({ reporter: ["text", "junit"] })).toThrow(
      "junit and another reporter would share",
    );
    expect(() => reportingOf({ reporter: ["junit=a", "json=a"] })).toThrow('two outputs would go to "a"');
    expect(reportingOf({ reporter: ["text", "github"] }).reporters).toHaveLength(2);
  });

  it("is found in a command line that failed, as far as it makes sense", () => {
    const names = (...argv: string[]) => reportingIn(argv).reporters.map(({ name }) => name);
    expect(names("check", "--reporter", "junit=a,xml", "--reporter=github")).toEqual(["junit", "github"]);
    expect(names("check", "--json")).toEqual(["json"]);
    expect(names("check", "--reporter", "text,junit")).toEqual(["text"]);
  });
});

describe("reporters", () => {
  test("say together what became of many models", async () => {
    const reporters = ["--reporter", "text,github,junit=r.xml", "--reporter", "markdown=r.md,json=r.json"];
    const env = { GITHUB_STEP_SUMMARY: join(cwd, "summary.md"), GITHUB_WORKSPACE: realpathSync(cwd) };
    const args = ["optimize", "many", "--out-dir", "out", "--max-nodes", "1", ...reporters];
    const { code, stdout } = await normfold(args, { cwd, env });
    expect(code).toBe(3);
    expect(stdout).toMatch(/^::error file=many\/a\.onnx,title=normfold%3A budget::/m);
    expect(stdout).toMatch(/^::error file=many\/b\.onnx,title=/m);
    expect(stdout).toMatch(/2 models: 0 optimized, 1 over budget/);
    expectDocument(read("r.json"));
    await expectJUnit(read("r.xml"));
    expect(read("r.xml")).toContain('tests="2" failures="1" errors="1"');
    expect(read("r.md")).toContain("| many/a.onnx | **failed** |");
    expect(read("summary.md")).toContain("| many/b.onnx | **error** |");
  });

  test("say it of one model, of a check, of a difference", async () => {
    const runs: readonly (readonly [code: number, ...args: string[]])[] = [
      [0, "optimize", "bn.onnx", "-o", "o.onnx"],
      [1, "check", "bn.onnx", "changed.onnx"],
      [1, "diff", "bn.onnx", "changed.onnx"],
    ];
    for (const [code, ...args] of runs) {
      const result = await normfold([...args, "--reporter", "junit=one.xml,text=one.txt"], { cwd });
      expect([result.code, result.stdout, result.stderr]).toEqual([code, "", ""]);
      await expectJUnit(read("one.xml"));
      expect(read("one.xml")).toContain(`failures="${code}"`);
      expect(read("one.txt")).toContain("bn.onnx");
    }
  });

  test("say why a command failed, beside the line on stderr", async () => {
    const result = await normfold(
      ["check", "gone.onnx", "bn.onnx", "--reporter", "junit=e.xml,json=e.json"],
      { cwd },
    );
    expectFailure(result, 5, /gone\.onnx: there is no such file/);
    await expectJUnit(read("e.xml"));
    expect(read("e.xml")).toMatch(/<error type="[a-z-]+" message="there is no such file/);
    expectDocument(read("e.json"));
  });

  test("write over nothing that is read or written", async () => {
    const clash = ["optimize", "bn.onnx", "-o", "o.onnx", "--reporter"];
    expectFailure(
      await normfold([...clash, "junit=o.onnx"], { cwd }),
      2,
      /two outputs would go to "o\.onnx"/,
    );
    expectFailure(
      await normfold(["diff", "bn.onnx", "o.onnx", "--reporter", "json=bn.onnx"], { cwd }),
      2,
      /"bn\.onnx"/,
    );
  });
});
