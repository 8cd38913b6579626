import { layoutTable } from "../../support/layout.js";
import { literal } from "../../support/text.js";

layoutTable("quantization", [
  {
    name: "QuantizeLinear and DequantizeLinear for each channel",
    nodes: "q = QuantizeLinear <axis = 3> (a, s, z) b = DequantizeLinear <axis = -1> (q, s, z)",
    constants: [literal("s", [3], [0.1, 0.02, 0.3]), literal("z", [3], [3, 5, 7], "uint8")],
  },
]);
