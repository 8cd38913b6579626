import type { Node, Value } from "../src/ir/graph.js";
import { declarationOf, hasTrait, operatorsWith } from "../src/ops/catalogue.js";
import type { Pass, Proposal, View } from "../src/rewrite/pass.js";
import { constantTensor } from "../src/rules/constants.js";
import type { Facts } from "../src/rules/facts.js";

/**
 * Leave out optional inputs that hold their default values.
 *
 *   before   h = ConstantOfShape(n)  y = LSTM(x, W, R, B, , h, h)   # zeros
 *   after    y = LSTM(x, W, R, B)
 *
 * The bias, the initial states and the peepholes of LSTM, GRU and RNN are zeros when they are not given.
 *
 * Source     ONNX LSTM-1 to -22, GRU, RNN; exporters make the initial states from the batch size
 * Requires   constants of zeros, or zeros of a computed shape
 * Refuses    nothing
 * Numerics   exact
 */
export const eliminateDefaultInputs: Pass = {
  kind: "rules",
  name: "eliminate-default-inputs",
  summary: "Initial states and biases of zeros, the defaults of LSTM, GRU and RNN, are left out",
  before: "h = ConstantOfShape(n)  y = LSTM(x, W, R, B, , h, h)",
  after: "y = LSTM(x, W, R, B)",
  numerics: "exact",
  specials: {
    mayChange: ["nan", "infinity"],
    because:
      "a peephole of zeros makes NaN of an infinite cell, and onnxruntime bounds what it adds a bias to",
  },
  order: "any place",
  rules: [{ operators: operatorsWith("recurrent"), match }],
};

/** onnxruntime bounds what it adds a bias to, NaN too, and leaves it as it is without one. */
const BIAS = 3;
/** The input of an LSTM that is multiplied by its cell: 0 * infinity is NaN. */
const PEEPHOLES = 7;

/** Larger constants are hardly ever all zeros, and would have to be read whole. */
const MOST_ELEMENTS = 1 << 16;

function match(node: Node, { facts }: View): Proposal | undefined {
  const candidates = declarationOf(node)?.recurrence?.zeroByDefault;
  if (candidates === undefined || node.hasReferences) return undefined;
  const zeros = candidates.filter((index) => {
    const value = node.input(index);
    return value !== undefined && isZero(value, facts);
  });
  if (zeros.length === 0) return undefined;
  const names = zeros.map((index) => `"${node.input(index)?.name}"`).join(", ");
  return {
    kind: "rewrite",
    summary: `${node.label} leaves out ${names}: zeros are its default`,
    mayChange: zeros.some((index) => index === BIAS || index === PEEPHOLES) ? ["nan", "infinity"] : [],
    apply: (rewriter) => {
      for (const index of zeros) rewriter.leaveOut(node, index);
    },
  };
}

function isZero(value: Value, facts: Facts): boolean {
  const tensor = constantTensor(value);
  if (tensor !== undefined)
    return tensor.size <= MOST_ELEMENTS && tensor.toFloat64().every((element) => element === 0);
  const { producer } = value;
  if (producer === undefined || producer.hasReferences || facts.isCall(producer)) return false;
  if (producer.is("ConstantOfShape")) {
    const filling = producer.tensorAttribute("value");
    return producer.attribute("value") === undefined || filling?.toFloat64()[0] === 0;
  }
  const source = producer.input(0);
  return (
    (producer.is("Cast") || hasTrait(producer, "movesData")) &&
    producer.inputs.length > 0 &&
    source !== undefined &&
    isZero(source, facts)
  );
}
