import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { encodeToBytes } from "../../../src/proto/encode.js";
import { parseModel } from "../../../src/text/parse.js";
import { damaged, type Edit, edits } from "./damage.js";
import { DATA, MODELS, NET } from "./files.js";
import { CommandRunner, type Ended } from "./runner.js";

/** `npm run fuzz` sets these for long runs. */
const FILES = Number(process.env["NORMFOLD_FILES"] ?? 1000);
const SEED = Number(process.env["NORMFOLD_SEED"] ?? 1);
/** Where to write what runs, so that a process that ends has a case. */
const RUNNING = process.env["NORMFOLD_RUNNING"];

/** A command that takes this long on a file of a few kilobytes hangs. */
const LIMIT = 60_000;
const CODES: readonly (number | string)[] = [0, 1, 2, 3, 4, 5];

/** What is done with a damaged model. */
const ON_MODELS = [
  ["inspect", "in.onnx"],
  ["inspect", "in.onnx", "--json", "--all"],
  ["print", "in.onnx"],
  ["optimize", "in.onnx", "-o", "out.onnx"],
  ["optimize", "in.onnx", "-o", "out.onnx", "--no-check"],
  ["optimize", "in.onnx", "-o", "out.onnx", "--no-check", "--inline-functions", "--explain"],
  ["optimize", "in.onnx", "-o", "out.onnx", "--no-check", "--opset", "22"],
  ["optimize", "in.onnx", "-o", "out.onnx", "--json", "--external-data"],
  ["check", "in.onnx", "whole.onnx"],
  ["insert", "in.onnx", "-o", "out.onnx"],
  ["freeze", "in.onnx", "-o", "out.onnx"],
  ["prepare", "in.onnx", "-o", "out.onnx", "--recipe", "batchnorm-paper"],
  ["ensemble", "in.onnx", "whole.onnx", "-o", "out.onnx"],
  ["lower", "in.onnx", "-o", "out.onnx"],
] as const;

/** What is done with damaged data. */
const ON_DATA = [
  ["insert", "net.onnx", "-o", "out.onnx", "--data"],
  ["check", "net.onnx", "whole.onnx", "--data"],
  ["calibrate", "net.onnx", "-o", "out.onnx", "--data"],
] as const;

const cases = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      on: fc.constant("model" as const),
      file: fc.nat(MODELS.length - 1),
      command: fc.nat(ON_MODELS.length - 1),
      list: edits,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      on: fc.constant("data" as const),
      file: fc.nat(DATA.length - 1),
      command: fc.nat(ON_DATA.length - 1),
      list: edits,
    }),
  },
);

interface Case {
  readonly on: "model" | "data";
  readonly file: number;
  readonly command: number;
  readonly list: readonly Edit[];
}

const home = mkdtempSync(join(tmpdir(), "normfold-damaged-"));
for (const name of ["home", "tmp"]) mkdirSync(join(home, name));
const runner = new CommandRunner(
  {
    ...process.env,
    HOME: join(home, "home"),
    TMPDIR: join(home, "tmp"),
    NO_COLOR: "1",
    ORT_DISABLE_TELEMETRY: "1",
  },
  home,
);
afterAll(() => {
  runner.close();
  rmSync(home, { recursive: true, force: true });
});

/** The files of a case, in an empty folder, and the command line. */
function prepare({ on, file, command, list }: Case, folder: string): readonly string[] {
  if (on === "model") {
    const whole = MODELS[file] ?? new Uint8Array();
    writeFileSync(join(folder, "whole.onnx"), whole);
    writeFileSync(join(folder, "in.onnx"), damaged(whole, list));
    return ON_MODELS[command] ?? [];
  }
  const [name, bytes] = DATA[file] ?? ["", new Uint8Array()];
  const net = encodeToBytes(parseModel(NET));
  writeFileSync(join(folder, "net.onnx"), net);
  writeFileSync(join(folder, "whole.onnx"), net);
  writeFileSync(join(folder, name), damaged(bytes, list));
  return [...(ON_DATA[command] ?? []), name];
}

/** Throws where a command ends in a way that it must not. */
function judge({ code, stdout, stderr }: Ended, args: readonly string[], left: readonly string[]): void {
  const said = `${args.join(" ")}\n${stdout.slice(0, 2000)}\n${stderr.slice(0, 2000)}`;
  expect(CODES, `exit code ${code}: ${said}`).toContain(code);
  expect(/^\s+at .*[:(]\d+/m.test(stdout + stderr), `a stack trace: ${said}`).toBe(false);
  // A check that could not compare says so in its report.
  const isUnchecked = args[0] === "check" && code === 4;
  if (typeof code === "number" && code >= 2 && !isUnchecked && !args.includes("--json")) {
    const lines = stderr.split("\n").filter((line) => line.startsWith("error"));
    expect(lines, said).toHaveLength(1);
  }
  const written = left.filter((name) => name.startsWith("out."));
  if (code !== 0) expect(written, `written in spite of exit code ${code}: ${said}`).toEqual([]);
  const others = left.filter((name) => !name.startsWith("out."));
  expect(others, `left behind ${others.join(", ")}: ${said}`).toEqual([]);
}

it(
  `${FILES} damaged models and data files end every command with a code of the table and one line (npm run fuzz for more)`,
  async () => {
    const counts = new Map<number | string, number>();
    await fc.assert(
      fc.asyncProperty(cases, async (each) => {
        const folder = mkdtempSync(join(home, "case-"));
        try {
          const args = prepare(each, folder);
          const before = readdirSync(folder);
          if (RUNNING !== undefined) writeFileSync(RUNNING, JSON.stringify(each));
          const ended = await runner.run(folder, args, LIMIT);
          counts.set(ended.code, (counts.get(ended.code) ?? 0) + 1);
          const left = readdirSync(folder).filter((name) => !before.includes(name));
          judge(ended, args, [
            ...left,
            ...readdirSync(join(home, "tmp")),
            ...readdirSync(join(home, "home")),
          ]);
        } finally {
          rmSync(folder, { recursive: true, force: true });
          for (const name of ["home", "tmp"])
            for (const left of readdirSync(join(home, name)))
              rmSync(join(home, name, left), { recursive: true, force: true });
        }
      }),
      { numRuns: FILES, seed: SEED, unbiased: true },
    );
    // Damage that nothing survives, or that does nothing, would test little.
    expect(counts.get(0)).toBeGreaterThan(FILES / 20);
    expect(counts.get(3)).toBeGreaterThan(FILES / 10);
  },
  120_000 + FILES * 500,
);
