// Weights for networks that come without: the ONNX project's own topologies hold one number for all.
import { tensorFromNumbers } from "../dist/src/index.js";

/** Deterministic uniform numbers in [0, 1). */
export function uniform(seed) {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 13), 3266489917) >>> 0;
    mixed ^= mixed >>> 16;
    return (mixed >>> 0) / 2 ** 32;
  };
}

/** Weights that a ConstantOfShape makes, all equal, become numbers of the size that training would leave. */
export function randomize(model, seed) {
  const { graph } = model;
  const random = uniform(seed);
  let count = 0;
  for (const node of [...graph.nodes()]) {
    const dims = node.is("ConstantOfShape") ? node.input(0)?.tensor?.toFloat64() : undefined;
    if (dims === undefined) continue;
    const [rows = 1, ...rest] = dims;
    const fan = Array.from(rest).reduce((product, dim) => product * dim, 1);
    const draw = dims.length > 1 ? () => (random() - 0.5) * Math.sqrt(24 / fan) : () => 0.5 + random();
    const size = rows * fan;
    const values = Float64Array.from({ length: size }, draw);
    const output = node.output(0);
    const value = graph.addInitializer(
      graph.freshName(`${output.name}_random`),
      tensorFromNumbers("float", Array.from(dims), values),
    );
    for (const use of [...output.uses]) if (use.kind === "node") use.node.setInput(use.index, value);
    count++;
  }
  return count;
}
