import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync, zipSync } from "fflate";
import { encodeToBytes } from "../../../src/proto/encode.js";
import { parseModel } from "../../../src/text/parse.js";
import { CONV_BN, RUNTIME_BN } from "../../support/cli.js";
import { SAMPLES } from "../../text/samples.js";

/** A network with an input of each kind of data: a flat one, and an image. */
export const NET = `
<ir_version: 8, opset_import: ["" : 17]>
net (float[N,4] x) => (float[N,3] y)
<float[4,3] W = {0.5, 1, -1, 2, 0.25, 1, 1, -2, 0.5, 0.1, 0.2, 0.3}, float[3] B = {0.1, -0.2, 0.3}>
{ p = MatMul (x, W) s = Add (p, B) r = Relu (s) y = Softmax <axis = -1> (r) }`;

const LOOPS = `
<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
g (float[2,3] x, bool b) => (float[2,3] y, float[2,3] z)
<int64 n = {2}, bool yes = {1}, float[3] k = {1, -2, 3}>
{
  l = Loop (n, yes, x) <body = body (int64 i, bool go, float[2,3] v) => (bool more, float[2,3] w) { more = Identity (go) w = Add (v, k) }>
  y = If (b) <then_branch = t () => (float[2,3] p) { p = Relu (l) }, else_branch = e () => (float[2,3] q) { q = Mul (l, k) }>
  z = local.Twice (y)
}
<domain: "local", opset_import: ["" : 17]> Twice (a) => (c) { b = Add (a, a) c = Neg (b) }`;

const VIEWS = `
<ir_version: 9, opset_import: ["" : 18]>
g (float[N,4,6] x) => (float[N,24] y, int64[2] s)
<int64[2] target = {0, -1}, int64[1] one = {1}, int64[1] two = {2}, int64[1] minus = {-1}, float[4] gamma = {1, 2, 3, 4},
 float[4] beta = {0, 1, 0, -1}, float[4] mean = {0.5, 0, 1, 0}, float[4] var = {1, 2, 1, 4}>
{
  t = Transpose <perm = [0, 2, 1]> (x) u = Transpose <perm = [0, 2, 1]> (t)
  n = BatchNormalization (u, gamma, beta, mean, var)
  c = Slice (n, minus, one, one, minus) f = Concat <axis = 1> (n, c)
  h = Slice (f, two, one, one, minus) r = Reshape (n, target) y = Erf (r) s = Shape (y)
}`;

/** Models by name, small ones and many kinds of fields. */
export const MODELS: readonly Uint8Array[] = [
  ...[CONV_BN, RUNTIME_BN, NET, LOOPS, VIEWS, ...Object.values(SAMPLES)]
    .filter((text) => !text.includes('"location"'))
    .map((text) => encodeToBytes(parseModel(text))),
  ...[
    "real/linear-bn-linear.onnx",
    "real/subgraph.onnx",
    "real/batch-norm-runtime-params.onnx",
    "zoo/sequence_bn.onnx",
  ].map((file) =>
    Uint8Array.from(readFileSync(fileURLToPath(new URL(`../../../models/${file}`, import.meta.url)))),
  ),
];

function npy(descr: string, shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const padded = `${header.padEnd(117)}\n`;
  const start = Uint8Array.of(
    0x93,
    ...new TextEncoder().encode("NUMPY"),
    1,
    0,
    padded.length & 255,
    padded.length >> 8,
  );
  return Uint8Array.from([...start, ...new TextEncoder().encode(padded), ...data]);
}

function idx(dims: readonly number[], data: Uint8Array): Uint8Array {
  const sizes = dims.flatMap((dim) => [dim >>> 24, (dim >>> 16) & 255, (dim >>> 8) & 255, dim & 255]);
  return Uint8Array.from([0, 0, 8, dims.length, ...sizes, ...data]);
}

const floats = new Uint8Array(Float32Array.from({ length: 32 }, (_, i) => (i % 7) - 3).buffer);
const pixels = Uint8Array.from({ length: 32 }, (_, i) => (i * 37) % 256);
const array = npy("<f4", [8, 4], floats);

/** Data for the network above, by the name that tells its format. */
export const DATA: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ["x.npy", array],
  ["x.npz", zipSync({ "x.npy": array })],
  ["stored.npz", zipSync({ "x.npy": array }, { level: 0 })],
  ["x-idx2-ubyte", idx([8, 4], pixels)],
  ["x-idx2-ubyte.gz", gzipSync(idx([8, 4], pixels))],
  ["input_0.pb", tensorProto()],
];

/** An ONNX tensor of 8 rows: dims, data_type, name, raw_data. */
function tensorProto(): Uint8Array {
  return Uint8Array.from([0x08, 8, 0x08, 4, 0x10, 1, 0x42, 1, 0x78, 0x4a, 0x80, 1, ...floats]);
}
