import { layoutTable } from "../../support/layout.js";
import { constant, literal } from "../../support/text.js";

layoutTable("elementwise", [
  { name: "Relu", nodes: "b = Relu (a)" },
  { name: "Softsign", nodes: "b = Softsign (a)" },
  {
    name: "Clip",
    nodes: "b = Clip (a, low, high)",
    constants: [literal("low", [], [-0.5]), literal("high", [], [0.5])],
  },
  { name: "Cast", nodes: "i = Cast <to = 7> (a) b = Cast <to = 1> (i)" },
  { name: "Add of a constant for each channel", nodes: "b = Add (a, c)", constants: [constant("c", [3])] },
  { name: "Sub from a constant of rank 3", nodes: "b = Sub (c, a)", constants: [constant("c", [4, 1, 3])] },
  { name: "Mul by a scalar", nodes: "b = Mul (c, a)", constants: [constant("c", [])] },
  {
    name: "Pow by a constant of all axes",
    nodes: "s = Abs (a) b = Pow (s, c)",
    constants: [constant("c", [1, 4, 5, 3])],
  },
  {
    name: "Where",
    nodes: "p = Greater (a, c) b = Where (p, a, c)",
    constants: [constant("c", [5, 3])],
  },
  { name: "PRelu", nodes: "b = PRelu (a, c)", constants: [constant("c", [1, 1, 3])] },
]);
