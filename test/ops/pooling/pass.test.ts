import { describe } from "vitest";
import { behindConv, positive } from "../../support/affine-cases.js";

describe("pools pass a map of the channels", () => {
  const pooled = "kernel_shape = [2, 2], strides = [2, 2]";
  const padded = `${pooled}, pads = [0, 1, 1, 0]`;
  behindConv(
    "row 34: MaxPool, positive",
    `t = MaxPool <${padded}> (c)`,
    { left: ["Conv", "MaxPool"] },
    positive,
  );
  behindConv(
    "MaxPool, a channel of zeros",
    `t = MaxPool <${padded}> (c)`,
    { left: ["Conv", "MaxPool"] },
    (prefix, channels) =>
      positive(prefix, channels).replace(
        /float\[4\] bn_gamma = \{[^}]*\}/,
        "float[4] bn_gamma = {1.5, 0, 0.25, 0}",
      ),
  );
  behindConv("MaxPool, negative", `t = MaxPool <${pooled}> (c)`, {
    refused: "scale-is-negative",
  });
  behindConv("GlobalMaxPool", "t = GlobalMaxPool (c)", { left: ["Conv", "GlobalMaxPool"] }, positive);
  behindConv("AveragePool", `t = AveragePool <${pooled}> (c)`, { left: ["Conv", "AveragePool"] });
  behindConv("AveragePool, padded, not counted", `t = AveragePool <${padded}> (c)`, {
    left: ["Conv", "AveragePool"],
  });
  behindConv("AveragePool, padded and counted", `t = AveragePool <${padded}, count_include_pad = 1> (c)`, {
    refused: "padding-is-counted",
  });
  behindConv("AveragePool, nothing to count", `t = AveragePool <${pooled}, count_include_pad = 1> (c)`, {
    left: ["Conv", "AveragePool"],
  });
  behindConv(
    "AveragePool, last windows over the end",
    "t = AveragePool <kernel_shape = [3, 3], strides = [2, 2], ceil_mode = 1> (c)",
    { left: ["Conv", "AveragePool"] },
  );
  behindConv(
    "AveragePool, automatic padding that counts",
    `t = AveragePool <kernel_shape = [3, 3], auto_pad = "SAME_UPPER", count_include_pad = 1> (c)`,
    { refused: "padding-is-counted" },
  );
  behindConv("GlobalAveragePool", "t = GlobalAveragePool (c)", { left: ["Conv", "GlobalAveragePool"] });
});
