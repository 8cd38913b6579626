import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { externalFiles } from "../../src/library/external-files.js";
import { loadModel } from "../../src/library/load.js";
import { saveModel } from "../../src/library/save.js";
import { parseModel } from "../../src/text/parse.js";

const folder = mkdtempSync(join(tmpdir(), "normfold-library-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]> g (float[N,4] x) => (float[N,4] y)
  <float[4,4] w = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}, float[4] b = {1,2,3,4}> {
    h = MatMul(x, w)  y = Add(h, b) }`);

it("lists the files that hold tensors, also those that are missing", async () => {
  expect(externalFiles(model)).toEqual([]);
  const path = join(folder, "m.onnx");
  await saveModel(model, path, { externalData: { threshold: 1, location: "m.data" } });
  const file = { location: "m.data", tensors: 2, bytes: 80 };
  expect(externalFiles(await loadModel(path))).toEqual([{ ...file, missing: false }]);
  renameSync(join(folder, "m.data"), join(folder, "elsewhere.data"));
  const lacking = await loadModel(path, { allowMissingExternalData: true });
  expect(externalFiles(lacking)).toEqual([{ ...file, missing: true }]);
});
