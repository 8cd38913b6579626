import { attribute } from "../../ir/attribute.js";
import { Graph } from "../../ir/graph.js";
import type { RaiseContext, RaiseTable } from "../../rules/raise/context.js";
import type { OPERATORS } from "./operators.js";
import { refusals } from "./refusals.js";

/**
 * Scan 9 has no batch. An outer Scan goes over the batch axis, as Scan 8 did by itself, and its body is the Scan over the
 * sequence. Initial states are scanned in along the batch, and final states are scanned out.
 */
function scanOverBatch(at: RaiseContext): void {
  const { node } = at;
  const [lengths, ...operands] = node.inputs;
  if (lengths !== undefined && lengths !== null) at.refuse(refusals.scanSequencesDifferInLength());
  const body = node.attribute("body");
  const sequences = node.attribute("num_scan_inputs");
  if (body === undefined || sequences === undefined) at.refuse(refusals.bodyToRaiseIsMissing());
  const entry = new Graph(at.graph.freshName("batch_entry"), at.graph);
  const inputs = operands.map((operand) =>
    operand === null ? null : entry.addInput({ name: entry.freshName(`${operand.name}_entry`) }),
  );
  const directions = node.ints("directions");
  // The body gets another owner; its values keep their names.
  node.unset("body");
  node.unset("directions");
  const inner = entry.addNode({
    opType: "Scan",
    inputs,
    outputs: node.outputs.map((value) => entry.freshName(`${value?.name ?? "unused"}_entry`)),
    attributes: [
      body,
      sequences,
      ...(directions === undefined ? [] : [attribute("scan_input_directions", directions)]),
    ],
  });
  for (const output of inner.outputs) if (output !== null) entry.addOutput(output);
  node.set({ name: "body", kind: "graph", value: entry });
  node.set(attribute("num_scan_inputs", operands.length));
  node.setInputs(operands);
}

/** The steps of the family's operators, by the opset they lead to. */
export const raise: RaiseTable<typeof OPERATORS> = {
  Scan: { 9: scanOverBatch },
};
