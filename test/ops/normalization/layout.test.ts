import { layoutInPlaceTable, layoutTable } from "../../support/layout.js";
import { constant } from "../../support/text.js";

layoutTable("normalization", [
  { name: "Softmax", nodes: "b = Softmax <axis = -1> (a)" },
  { name: "LpNormalization", nodes: "b = LpNormalization <axis = -1> (a)" },
  { name: "Hardmax", nodes: "b = Hardmax <axis = 1> (a)" },
]);

layoutInPlaceTable("normalization", [
  {
    name: "LayerNormalization over the last axis",
    perm: [0, 2, 1, 3],
    nodes: "b = LayerNormalization <axis = -1> (a, g, h)",
    constants: [constant("g", [5]), constant("h", [5])],
  },
  {
    name: "BatchNormalization, its channels in place",
    perm: [0, 1, 3, 2],
    nodes: "b = BatchNormalization (a, g, h, m, v)",
    constants: [
      constant("g", [3]),
      constant("h", [3]),
      constant("m", [3]),
      constant("v", [3], { low: 0.5, high: 2 }),
    ],
  },
  {
    name: "InstanceNormalization, its channels in place",
    perm: [0, 1, 3, 2],
    nodes: "b = InstanceNormalization (a, g, h)",
    constants: [constant("g", [3]), constant("h", [3])],
  },
]);
