// Data for a model's inputs, the same on every run: enough for statistics, whatever the model is for.

const ELEMENT_BYTES = {
  float: 4,
  double: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** Samples where the model does not fix its batch, and the size of any other dimension that is not known. */
const SAMPLES = 4;
const UNKNOWN_SIZE = 32;

/** Two batches where the model fixes its batch. float and double are random, all other types zero. */
export function randomDataset(slots) {
  const random = uniform(1);
  const batch = slots.map(({ shape }) => shape?.[0]).find((size) => typeof size === "number" && size > 0);
  const samples = batch === undefined ? SAMPLES : 2 * batch;
  return Object.fromEntries(
    slots.map(({ name, dtype, shape = [] }) => {
      const sizes = shape
        .slice(1)
        .map((size) => (typeof size === "number" && size > 0 ? size : UNKNOWN_SIZE));
      const dims = [samples, ...sizes];
      return [name, { dtype, dims, data: bytesOf(dtype, dims, random) }];
    }),
  );
}

function bytesOf(dtype, dims, random) {
  const count = dims.reduce((product, size) => product * size, 1);
  const bytes = new Uint8Array(count * (ELEMENT_BYTES[dtype] ?? 0));
  if (dtype === "float") new Float32Array(bytes.buffer).forEach(fill);
  if (dtype === "double") new Float64Array(bytes.buffer).forEach(fill);
  return bytes;

  function fill(_, i, values) {
    values[i] = random();
  }
}

/** Numbers in [-1, 1). */
function uniform(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}
