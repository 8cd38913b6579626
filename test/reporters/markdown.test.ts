import { expect, it } from "vitest";
import { markdownText } from "../../src/reporters/markdown.js";
import { CASES } from "./cases.js";

it("is a table and a list, in which nothing of a model is markup", () => {
  expect(markdownText(CASES, "optimize")).toBe(`### normfold optimize

| model | result | nodes | file size | time |
|---|---|---|---|---|
| models/a.onnx | passed | 3 -\\> 2 |  | 250 ms |
| b,c:d.onnx | **failed** |  | 1 kB -\\> not written | 1.00 s |
| standard input | **error** |  |  |  |

- models/a.onnx: warning, unchecked: 100% of a\\|b \\<c\\>\\\\nnext
- b,c:d.onnx: error, budget: nodes: wanted "2" \\& got 3\\\\u0001
- b,c:d.onnx: error, budget: second
- standard input: error, no-such-file: there is none
`);
});
