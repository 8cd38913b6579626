import { counting, referenceTable } from "../../support/reference.js";

referenceTable("pooling", [
  [
    "y = MaxPool <kernel_shape = [2], strides = [2], ceil_mode = 1> (x)",
    { x: counting(1, 1, 5) },
    [1, 1, 3],
    [2, 4, 5],
  ],
  ["y = MaxPool <kernel_shape = [2], dilations = [2]> (x)", { x: counting(1, 1, 4) }, [1, 1, 2], [3, 4]],
  ["y = AveragePool <kernel_shape = [2], pads = [1, 0]> (x)", { x: counting(1, 1, 2) }, [1, 1, 2], [1, 1.5]],
  [
    "y = AveragePool <kernel_shape = [2], pads = [1, 0], count_include_pad = 1> (x)",
    { x: counting(1, 1, 2) },
    [1, 1, 2],
    [0.5, 1.5],
  ],
  ["y = GlobalAveragePool(x)", { x: counting(1, 2, 2) }, [1, 2, 1], [1.5, 3.5]],
]);
