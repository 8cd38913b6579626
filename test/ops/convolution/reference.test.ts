import { counting, referenceTable } from "../../support/reference.js";

referenceTable("convolution", [
  // One channel, asymmetric pads, a stride, a dilation, groups; all by hand.
  ["y = Conv(x, w)", { x: counting(1, 1, 3), w: { dims: [1, 1, 2], data: [1, 10] } }, [1, 1, 2], [21, 32]],
  [
    "y = Conv <pads = [1, 0]> (x, w)",
    { x: counting(1, 1, 3), w: { dims: [1, 1, 2], data: [1, 10] } },
    [1, 1, 3],
    [10, 21, 32],
  ],
  [
    "y = Conv <dilations = [2], strides = [2], pads = [2, 1]> (x, w, b)",
    { x: counting(1, 1, 4), w: { dims: [1, 1, 2], data: [1, 10] }, b: { dims: [1], data: [0.5] } },
    [1, 1, 3],
    [10.5, 31.5, 3.5],
  ],
  [
    `y = Conv <auto_pad = "SAME_LOWER"> (x, w)`,
    { x: counting(1, 1, 3), w: { dims: [1, 1, 2], data: [1, 10] } },
    [1, 1, 3],
    [10, 21, 32],
  ],
  [
    "y = Conv <group = 2> (x, w)",
    { x: counting(1, 2, 2), w: { dims: [2, 1, 1], data: [2, -1] } },
    [1, 2, 2],
    [2, 4, -3, -4],
  ],
  [
    "y = Conv(x, w)",
    { x: counting(1, 1, 2, 2), w: { dims: [4, 1, 2, 2], data: [...counting(16).data] } },
    [1, 4, 1, 1],
    [30, 70, 110, 150],
  ],
  [
    "y = ConvTranspose <strides = [2]> (x, w)",
    { x: counting(1, 1, 3), w: { dims: [1, 1, 2], data: [1, 10] } },
    [1, 1, 6],
    [1, 10, 2, 20, 3, 30],
  ],
  [
    "y = ConvTranspose <strides = [2], pads = [1, 0], output_padding = [1]> (x, w, b)",
    { x: counting(1, 1, 2), w: { dims: [1, 1, 2], data: [1, 10] }, b: { dims: [1], data: [1] } },
    [1, 1, 4],
    [11, 3, 21, 1],
  ],
]);
