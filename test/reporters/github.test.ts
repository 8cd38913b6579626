import { expect, it } from "vitest";
import { githubText } from "../../src/reporters/github.js";
import { CASES } from "./cases.js";

it("is a workflow command for each finding, on one line, with what the runner unescapes", () => {
  expect(githubText(CASES, (file) => file.replace("models/", "nets/"))).toBe(
    "::warning file=nets/a.onnx,title=normfold%3A unchecked::models/a.onnx: 100%25 of a|b <c>\\nnext\n" +
      '::error file=b%2Cc%3Ad.onnx,title=normfold%3A budget::b,c:d.onnx: nodes: wanted "2" & got 3\\u0001\n' +
      "::error file=b%2Cc%3Ad.onnx,title=normfold%3A budget::b,c:d.onnx: second\n" +
      "::error title=normfold%3A no-such-file::standard input: there is none\n",
  );
});
