// npm run bench:speed: whole processes on a 102 MB ResNet-50, in turn, medians; with --large also a 3 GB model with
// external data. Ratios of one run mean something; single times on a shared machine do not.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { saveModel } from "../dist/src/index.js";
import { interleave, megabytesOf, runOnce, table } from "./measure.mjs";
import { resnet50, tower } from "./networks.mjs";

const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "normfold-bench-"));
const file = (name) => join(folder, name);

try {
  await saveModel(resnet50(), file("resnet50.onnx"));
  writeFileSync(
    file("decode-encode.cjs"),
    `const { onnx } = require(${JSON.stringify(createRequire(import.meta.url).resolve("onnx-proto"))});
const { readFileSync, writeFileSync } = require("node:fs");
const model = onnx.ModelProto.decode(readFileSync(process.argv[2]));
writeFileSync(process.argv[3], onnx.ModelProto.encode(model).finish());`,
  );
  const input = file("resnet50.onnx");
  const size = megabytesOf(input);
  const [start, optimize, proven, copy, proto] = interleave([
    { name: "node -e 0 (Node's own start)", args: ["-e", "0"] },
    {
      name: "normfold optimize --no-check",
      args: [cli, "optimize", input, "-o", file("a.onnx"), "--no-check", "--quiet"],
      writes: [file("a.onnx")],
    },
    {
      name: "normfold optimize, both processes",
      args: [cli, "optimize", input, "-o", file("d.onnx"), "--json"],
      writes: [file("d.onnx")],
    },
    { name: "cp", command: "cp", args: [input, file("b.onnx")], writes: [file("b.onnx")] },
    {
      name: "onnx-proto decode + encode",
      args: [file("decode-encode.cjs"), input, file("c.onnx")],
      writes: [file("c.onnx")],
    },
  ]);
  const beyond = optimize.seconds - start.seconds;
  console.log(
    `ResNet-50, ${size.toFixed(1)} MB, 53 BatchNormalizations to fold; medians of 5 whole processes\n`,
  );
  table(
    ["process", "seconds", "beyond Node's start", "peak memory, MB", "peak / file"],
    [start, optimize, proven, copy, proto].map(({ name, seconds, megabytes }) => [
      name,
      seconds.toFixed(3),
      name === "cp" ? "" : (seconds - start.seconds).toFixed(3),
      megabytes === undefined ? "" : megabytes.toFixed(0),
      megabytes === undefined ? "" : (megabytes / size).toFixed(2),
    ]),
  );
  console.log(`
normfold beyond Node's start : cp                         = ${(beyond / copy.seconds).toFixed(1)}
normfold beyond Node's start : onnx-proto decode + encode = ${(beyond / (proto.seconds - start.seconds)).toFixed(2)}`);

  if (process.argv.includes("--large")) {
    await saveModel(tower(48, 4096), file("tower.onnx"), { externalData: { location: "tower.bin" } });
    const large = megabytesOf(file("tower.onnx"), file("tower.bin"));
    const { seconds, megabytes } = runOnce({
      args: [
        cli,
        "optimize",
        file("tower.onnx"),
        "-o",
        file("folded.onnx"),
        "--no-check",
        "--external-data",
        "--quiet",
      ],
    });
    console.log(`
${(large / 1000).toFixed(1)} GB with external data, every weight rescaled: ${seconds.toFixed(1)} s, peak ${megabytes.toFixed(0)} MB`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
