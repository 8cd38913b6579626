import { ints, layoutInPlaceTable, layoutTable } from "../../support/layout.js";
import { constant, literal } from "../../support/text.js";

layoutTable("movement", [
  {
    name: "Concat and Slice of channels",
    nodes: "r = Relu (a) j = Concat <axis = -1> (a, r, c) b = Slice (j, s, e, ax)",
    constants: [constant("c", [2, 4, 5, 1]), ints("s", 2), ints("e", 5), ints("ax", 3)],
  },
  {
    name: "Split of channels",
    nodes: "p, q = Split <axis = 3> (a, parts) b = Concat <axis = 3> (q, p)",
    constants: [ints("parts", 1, 2)],
  },
  {
    name: "Split with its sizes in an attribute",
    nodes: "p, q = Split <axis = 3, split = [1, 2]> (a) b = Concat <axis = 3> (q, p)",
    opset: 11,
  },
  {
    name: "Slice without axes",
    nodes: "b = Slice (a, s, e)",
    constants: [ints("s", 0, 1, 0), ints("e", 9, 4, 3)],
  },
  {
    name: "Slice in opset 9",
    nodes: "b = Slice <axes = [2, 3], starts = [1, 0], ends = [4, 2]> (a)",
    opset: 9,
  },
  { name: "Pad", nodes: "b = Pad (a, p)", constants: [ints("p", 0, 1, 2, 0, 0, 3, 0, 1)] },
  {
    name: "Pad of named axes",
    nodes: "b = Pad (a, p, , ax)",
    constants: [ints("p", 1, 2, 3, 0), ints("ax", 2, -1)],
    opset: 18,
  },
  {
    name: "Pad in opset 10",
    nodes: 'b = Pad <pads = [0, 1, 2, 0, 0, 3, 0, 1], mode = "reflect"> (a)',
    opset: 10,
  },
  { name: "Gather", nodes: "b = Gather <axis = 2> (a, i)", constants: [ints("i", 1, 0, 4)] },
  {
    name: "Gather of one index",
    nodes: "g = Gather <axis = 2> (a, i) b = Unsqueeze (g, ax)",
    constants: [literal("i", [], [1], "int64"), ints("ax", 2)],
  },
  { name: "Tile", nodes: "b = Tile (a, r)", constants: [ints("r", 1, 2, 1, 3)] },
  {
    name: "GatherElements and ScatterElements",
    nodes: "g = GatherElements <axis = 3> (a, i) b = ScatterElements <axis = 2> (a, j, g)",
    constants: [
      literal(
        "i",
        [2, 4, 5, 1],
        Array.from({ length: 40 }, (_, at) => at % 3),
        "int64",
      ),
      literal(
        "j",
        [2, 4, 5, 1],
        Array.from({ length: 40 }, (_, at) => at % 5),
        "int64",
      ),
    ],
  },
]);

layoutInPlaceTable("movement", [
  { name: "Trilu, its matrices in place", perm: [1, 0, 2, 3], nodes: "b = Trilu (a)" },
]);
