import { describe } from "vitest";
import { behindConv, positive, signed } from "../../support/affine-cases.js";

describe("reductions pass a map of the channels", () => {
  behindConv("ReduceMean, axes attribute", "t = ReduceMean <axes = [-1]> (c)", {
    left: ["Conv", "ReduceMean"],
  });
  behindConv("ReduceMean without its axes", "t = ReduceMean <axes = [2, 3], keepdims = 0> (c)", {
    left: ["Conv", "ReduceMean"],
  });
  behindConv(
    "ReduceMean, axes input",
    "t = ReduceMean <keepdims = 0> (c, axes)",
    { left: ["Conv", "ReduceMean"] },
    signed,
    () => ["int64[1] axes = {2}"],
    18,
  );
  behindConv(
    "ReduceMax, positive",
    "t = ReduceMax <axes = [3]> (c)",
    { left: ["Conv", "ReduceMax"] },
    positive,
  );
  behindConv("ReduceMin, negative", "t = ReduceMin <axes = [3]> (c)", {
    refused: "scale-is-negative",
  });
  behindConv(
    "ReduceSum and a shift",
    "t = ReduceSum (c, axes)",
    { refused: "shift-does-not-pass" },
    signed,
    () => ["int64[1] axes = {2}"],
  );
});
