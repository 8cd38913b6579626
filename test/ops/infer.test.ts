import { describe, expect, it } from "vitest";
import { createFacts } from "../../src/analysis/fact-table.js";
import { parseGraph } from "../../src/text/parse.js";
import { factText, valueNamed } from "../support/facts.js";

/** Inputs and constants; the node; the expected fact of y (and of z, if there is one). */
type Case = readonly [inputs: string, node: string, ...expected: string[]];

function run(opset: number, [inputs, node, ...expected]: Case): void {
  const [parameters = "", constants = ""] = inputs.split("|");
  const model = parseGraph(`g (${parameters}) => (float[] y) <${constants}> { ${node} }`, { opset });
  // The text needs a declaration of the output, which is to play no part here.
  for (const output of model.graph.outputs) output.info = undefined;
  const facts = createFacts(model);
  const names = ["y", "z"].slice(0, expected.length);
  expect(names.map((name) => factText(facts, valueNamed(model, name)))).toEqual(expected);
  expect(facts.conflicts).toEqual([]);
}

function table(name: string, opset: number, cases: readonly Case[]): void {
  describe(`${name}, opset ${opset}`, () => {
    it.each(cases.map((row) => [row[1], row[0], row] as const))("%s of %s", (_node, _inputs, row) => {
      run(opset, row);
    });
  });
}

const image = "float[N,3,32,24] x";

table("convolution", 17, [
  [`${image}, float[8,3,3,5] w`, "y = Conv(x, w)", "float[N,8,30,20]"],
  [`${image}, float[8,3,3,5] w`, "y = Conv<pads=[1,2,1,2]>(x, w)", "float[N,8,32,24]"],
  [`${image}, float[8,3,3,5] w`, "y = Conv<pads=[1,0,0,3], strides=[2,3]>(x, w)", "float[N,8,16,8]"],
  [`${image}, float[8,3,3,5] w`, "y = Conv<dilations=[2,3]>(x, w)", "float[N,8,28,12]"],
  [`${image}, float[8,3,3,5] w`, 'y = Conv<auto_pad="SAME_UPPER", strides=[3,5]>(x, w)', "float[N,8,11,5]"],
  [
    `${image}, float[8,3,3,5] w`,
    'y = Conv<auto_pad="VALID", strides=[2,2], pads=[9,9,9,9]>(x, w)',
    "float[N,8,15,10]",
  ],
  ["float[N,3,H,W] x, float[8,3,3,3] w", "y = Conv<pads=[1,1,1,1]>(x, w)", "float[N,8,H,W]"],
  [
    "float[N,3,H,W] x, float[8,3,3,3] w",
    "y = Conv<pads=[1,1,1,1], strides=[2,2]>(x, w)",
    "float[N,8,floor((H + 1)/2),floor((W + 1)/2)]",
  ],
  ["float[] x, float[8,3,3] w", "y = Conv(x, w)", "float[?,8,?]"],
  ["float[] x, float[] w", "y = Conv(x, w)", "float[...]"],
  [
    "float[N,6,5] x, float[6,2,3] w",
    "y = ConvTranspose<group=3, strides=[2], pads=[1,0], output_padding=[1]>(x, w)",
    "float[N,6,11]",
  ],
  [
    "float[N,6,5] x, float[6,2,3] w",
    "y = ConvTranspose<output_shape=[12], strides=[2]>(x, w)",
    "float[N,2,12]",
  ],
  [
    "float[N,6,L] x, float[6,2,4] w",
    'y = ConvTranspose<auto_pad="SAME_LOWER", strides=[3]>(x, w)',
    "float[N,2,3*L]",
  ],
  ["uint8[1,1,4,4] x, uint8[2,1,2,2] w", "y = ConvInteger(x, w)", "int32[1,2,3,3]"],
  [
    "uint8[1,1,4,4] x, float s, uint8 p, uint8[2,1,2,2] w, int8 q",
    "y = QLinearConv(x, s, p, w, s, p, s, q)",
    "int8[1,2,3,3]",
  ],
]);

table("pooling", 17, [
  [image, "y, z = MaxPool<kernel_shape=[2,3]>(x)", "float[N,3,31,22]", "int64[N,3,31,22]"],
  [image, "y = AveragePool<kernel_shape=[3,3], strides=[2,2], ceil_mode=1>(x)", "float[N,3,16,12]"],
  [
    "float[1,1,4,4] x",
    "y = MaxPool<kernel_shape=[1,1], strides=[2,2], ceil_mode=1, pads=[0,0,1,1]>(x)",
    "float[1,1,2,2]",
  ],
  [image, 'y = MaxPool<kernel_shape=[3,3], strides=[5,5], auto_pad="SAME_LOWER">(x)', "float[N,3,7,5]"],
  [image, "y = GlobalAveragePool(x)", "float[N,3,1,1]"],
  [
    "float[N,C,H,W] x",
    "y = MaxPool<kernel_shape=[2,2], strides=[2,2]>(x)",
    "float[N,C,floor(H/2),floor(W/2)]",
  ],
]);

table("linear", 17, [
  ["float[N,3] x, float[3,8] w", "y = Gemm(x, w)", "float[N,8]"],
  ["float[3,N] x, float[8,3] w", "y = Gemm<transA=1, transB=1>(x, w)", "float[N,8]"],
  ["float[B,1,N,3] x, float[5,3,8] w", "y = MatMul(x, w)", "float[B,5,N,8]"],
  ["float[3] x, float[5,3,8] w", "y = MatMul(x, w)", "float[5,8]"],
  ["float[5,N,3] x, float[3] w", "y = MatMul(x, w)", "float[5,N]"],
  ["float[3] x, float[3] w", "y = MatMul(x, w)", "float[]"],
  ["float[B,I,J] x, float[B,J,K] w", 'y = Einsum<equation="bij, bjk -> bik">(x, w)', "float[B,I,K]"],
  ["float[2,I,J] x", 'y = Einsum<equation="...ij->...ji">(x)', "float[2,J,I]"],
  ["float[I,J] x, float[J,K] w", 'y = Einsum<equation="zj,jk">(x, w)', "float[K,I]"],
]);

table("normalization", 17, [
  ["float[N,3,H] x, float[3] c", "y = BatchNormalization(x, c, c, c, c)", "float[N,3,H]"],
  [
    "float[N,3,H] x, double[3] c",
    "y, z = BatchNormalization<training_mode=1>(x, c, c, c, c)",
    "float[N,3,H]",
    "double[3]",
  ],
  ["float16[N,S,64] x, float16[64] c", "y, z = LayerNormalization(x, c)", "float16[N,S,64]", "float[N,S,1]"],
  ["float[N,3] x", "y, z = Dropout(x)", "float[N,3]", "bool[N,3]"],
  ["float[N,3] x", "y = Softmax(x)", "float[N,3]"],
]);
table("normalization", 8, [["float[N,3] x", "y, z = Dropout(x)", "float[N,3]", "float[N,3]"]]);

table("elementwise", 17, [
  ["float[N,1,5] x, float[4,1] w", "y = Add(x, w)", "float[N,4,5]"],
  ["float[N] x, float[5] w", "y = Mul(x, w)", "float[5]"],
  ["float[N] x, float[M] w", "y = Mul(x, w)", "float[broadcast(M, N)]"],
  ["float[2] x, float[] w", "y = Greater(x, x)", "bool[2]"],
  ["float[N,3] x", "y = Cast<to=7>(x)", "int64[N,3]"],
  ["float[N,3] x, float16 w", "y = CastLike(x, w)", "float16[N,3]"],
  ["bool[N,1] x, float[3] w", "y = Where(x, w, w)", "float[N,3]"],
  ["float[N] x", "y = Max(x, x, x)", "float[N]"],
  ["float[2,3] x, float[3] w", "y = PRelu(x, w)", "float[2,3]"],
]);
table("elementwise", 6, [["float[N,3] x, float[3] w", "y = Add<broadcast=1, axis=1>(x, w)", "float[N,3]"]]);
table("elementwise", 5, [["float[N,3] x", 'y = Cast<to="INT32">(x)', "int32[N,3]"]]);

table("shape", 17, [
  ["float[N,3,4] x", "y = Shape(x)", "int64[3] = N,3,4"],
  ["float[N,3,4] x", "y = Shape<start=-2>(x)", "int64[2] = 3,4"],
  ["float[N,3,4] x", "y = Size(x)", "int64[] = 12*N"],
  ["float[N,3,4] x", "y = Flatten(x)", "float[N,12]"],
  ["float[N,3,4] x", "y = Flatten<axis=-1>(x)", "float[3*N,4]"],
  ["float[N,3,4] x", "y = Flatten<axis=3>(x)", "float[12*N,1]"],
  ["float[N,3,4] x | int64[2] s = {0,-1}", "y = Reshape(x, s)", "float[N,12]"],
  ["float[N,3,4] x | int64[3] s = {-1,2,6}", "y = Reshape(x, s)", "float[N,2,6]"],
  ["float[N,3,5] x | int64[2] s = {-1,2}", "y = Reshape(x, s)", "float[7*N + floor(N/2),2]"],
  ["float[N,3,4] x, int64[3] s", "y = Reshape(x, s)", "float[?,?,?]"],
  ["float[N,3,4] x, int64[] s", "y = Reshape(x, s)", "float[...]"],
  ["float[1,N,1] x | int64[1] a = {0}", "y = Squeeze(x, a)", "float[N,1]"],
  ["float[1,3,1] x", "y = Squeeze(x)", "float[3]"],
  ["float[1,N,1] x", "y = Squeeze(x)", "float[...]"],
  ["float[N,3] x | int64[2] a = {-1,0}", "y = Unsqueeze(x, a)", "float[1,N,3,1]"],
  ["float[3,1] x | int64[3] s = {2,1,6}", "y = Expand(x, s)", "float[2,3,6]"],
]);
table("shape", 11, [
  ["float[1,N,1] x", "y = Squeeze<axes=[-1]>(x)", "float[1,N]"],
  ["float[N] x", "y = Unsqueeze<axes=[1]>(x)", "float[N,1]"],
]);

table("movement", 17, [
  ["float[N,3,4] x", "y = Transpose(x)", "float[4,3,N]"],
  ["float[N,3,4] x", "y = Transpose<perm=[0,2,1]>(x)", "float[N,4,3]"],
  ["float[N,3] x, float[N,M] w", "y = Concat<axis=-1>(x, w)", "float[N,M + 3]"],
  ["float[N,7] x", "y, z = Split<axis=1>(x)", "float[N,4]", "float[N,3]"],
  ["float[N,7] x | int64[2] s = {2,5}", "y, z = Split<axis=1>(x, s)", "float[N,2]", "float[N,5]"],
  ["float[N,7] x, int64[2,3] i", "y = Gather<axis=1>(x, i)", "float[N,2,3]"],
  ["float[N,7] x, int64 i", "y = Gather(x, i)", "float[7]"],
  [
    "float[N,7] x | int64[1] s = {1}, int64[1] e = {9223372036854775807}, int64[1] a = {1}",
    "y = Slice(x, s, e, a)",
    "float[N,6]",
  ],
  [
    "float[N,7] x | int64[1] s = {2}, int64[1] e = {9223372036854775807}, int64[1] a = {0}",
    "y = Slice(x, s, e, a)",
    "float[max(0, N - 2),7]",
  ],
  [
    "float[N,7] x | int64[2] s = {-1,-1}, int64[2] e = {-9223372036854775807,0}, int64[2] a = {0,1}, int64[2] t = {-1,-2}",
    "y = Slice(x, s, e, a, t)",
    "float[N,3]",
  ],
  ["float[N,7] x, int64[1] s, int64[1] e | int64[1] a = {0}", "y = Slice(x, s, e, a)", "float[?,7]"],
  ["float[N,2] x | int64[2] r = {3,4}", "y = Tile(x, r)", "float[3*N,8]"],
  ["float[N,2] x | int64[4] p = {1,0,0,-1}", "y = Pad(x, p)", "float[N + 1,1]"],
  ["float[N,8,2,3] x", "y = DepthToSpace<blocksize=2>(x)", "float[N,2,4,6]"],
  ["float[N,2,4,6] x", "y = SpaceToDepth<blocksize=2>(x)", "float[N,8,2,3]"],
  ["float[2,3,4] x, int64[5,2] i", "y = GatherND(x, i)", "float[5,4]"],
  ["float[N,2] x", "y = NonZero(x)", "int64[2,?]"],
  ["int64[N] x, float[2] v | int64 d = {7}", "y = OneHot(x, d, v)", "float[N,7]"],
]);
table("movement", 9, [
  ["float[N,7] x", "y = Slice<starts=[1], ends=[-1], axes=[1]>(x)", "float[N,5]"],
  ["float[N,7] x", "y, z = Split<axis=1, split=[3,4]>(x)", "float[N,3]", "float[N,4]"],
  ["float[N,2] x", "y = Pad<pads=[1,0,0,2]>(x)", "float[N + 1,4]"],
]);

table("reduction", 17, [
  ["float[N,3,4] x", "y = ReduceMean<axes=[-1]>(x)", "float[N,3,1]"],
  ["float[N,3,4] x", "y = ReduceMean<axes=[0,1], keepdims=0>(x)", "float[4]"],
  ["float[N,3,4] x", "y = ReduceMean<keepdims=0>(x)", "float[]"],
  ["float[N,3,4] x | int64[1] a = {1}", "y = ReduceSum(x, a)", "float[N,1,4]"],
  ["float[N,3,4] x", "y = ReduceSum<noop_with_empty_axes=1>(x)", "float[N,3,4]"],
  ["float[N,3,4] x, int64[2] a", "y = ReduceSum<keepdims=0>(x, a)", "float[?]"],
  ["float[N,3] x", "y = ArgMax<axis=1, keepdims=0>(x)", "int64[N]"],
  ["float[N,9] x | int64[1] k = {4}", "y, z = TopK(x, k)", "float[N,4]", "int64[N,4]"],
]);
table("reduction", 18, [["float[N,3] x | int64[1] a = {0}", "y = ReduceMax(x, a)", "float[1,3]"]]);

table("others", 17, [
  [
    "float[S,N,8] x, float[1,64,8] w, float[1,64,16] r",
    "y, z = LSTM(x, w, r)",
    "float[S,1,N,16]",
    "float[1,N,16]",
  ],
  [
    "float[N,S,8] x, float[2,48,8] w, float[2,48,16] r",
    'y, z = GRU<direction="bidirectional", hidden_size=16, layout=1>(x, w, r)',
    "float[N,S,2,16]",
    "float[N,2,16]",
  ],
  ["float[N,3,H,5] x | float[4] s = {1,1,2,2.5}", 'y = Resize(x, "", s)', "float[N,3,2*H,12]"],
  ["float[N,3,H,5] x | int64[4] s = {1,3,7,9}", 'y = Resize(x, "", "", s)', "float[1,3,7,9]"],
  ["float[N,3] x, float s, int8 p", "y = QuantizeLinear(x, s, p)", "int8[N,3]"],
  ["int8[N,3] x, float16 s", "y = DequantizeLinear(x, s)", "float16[N,3]"],
  ["float[N,3,4] x", "y = SequenceConstruct(x, x)", "sequence(float[N,3,4])"],
  ["float[N,3] x, int64 i", "s = SplitToSequence<axis=1>(x) y = SequenceAt(s, i)", "float[N,1]"],
  ["", "y = RandomNormal<shape=[2,3]>()", "float[2,3]"],
  ["", "y = Constant<value_ints=[3,4]>()", "int64[2] = 3,4"],
  ["float[N,3] x", "s = Shape(x) y = ConstantOfShape(s)", "float[N,3]"],
  [" | int64 a = {2}, int64 b = {9}, int64 d = {3}", "y = Range(a, b, d)", "int64[3] = 2,5,8"],
  ["float[N,2,3,4] x, float[N,5,6,2] i", "y = GridSample(x, i)", "float[N,2,5,6]"],
  ["float[2] x", "y = NoSuchOperator(x)", "unknown"],
]);
