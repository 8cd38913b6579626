/** Texts that ONNX's own parser (onnx.parser.parse_model of onnx 1.23) accepts, by the feature that they show. */
export const SAMPLES: Readonly<Record<string, string>> = {
  "the example of the specification": `
<
  ir_version: 7,
  opset_import: [ "" : 10 ]
>
agraph (float[N, 128] X, float[128, 10] W, float[10] B) => (float[N, 10] C)
{
    T = MatMul(X, W)
    S = Add(T, B)
    C = Softmax(S)
}`,
  "every entry of the header": `
<
  ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1],
  producer_name: "a \\"tool\\"", producer_version: "1.0", domain: "some.where", model_version: 3,
  doc_string: "two
lines", metadata_props: ["key" : "value", "other" : ""]
>
g () => (int64 y) { y = Constant <value_int = 1> () }`,
  types: `
<ir_version: 10, opset_import: ["" : 21]>
g (float a, float[] b, double[N,?,3] c, float16["batch size",2] d, bfloat16[1] e, seq(float[N]) f,
   map(int64, seq(string)) h, optional(seq(float[])) i, sparse_tensor(float[3,4]) j, bool[2] k, string l,
   uint8[1] m, int8[1] n, uint16[1] o, int16[1] p, int32[1] q, uint32[1] r, uint64[1] s, complex64[1] t,
   complex128[1] u, float8e4m3fn[1] v, float8e4m3fnuz[1] w, float8e5m2[1] x, float8e5m2fnuz[1] y, int4[2] z,
   uint4[2] aa, float4e2m1[2] bb, float8e8m0[1] cc) => (float z1) { z1 = Identity(a) }`,
  "constants of many types": `
<ir_version: 10, opset_import: ["" : 21]>
g (float[2] x = {1.5, -2}) => (float[2] y)
<
  float[2,1] a = {1, 2.5e-3}, float b = {-inf}, float[3] c = {nan, inf, 1e38}, double[1] d = {0.1},
  int64[2] e = {-9223372036854775808, 9223372036854775807}, uint64[1] f = {18446744073709551615},
  bool[2] g1 = {0, 1}, string[2] h = {"one", "t\\\\w\\"o"}, float16[2] i = {15360, 64512}, bfloat16[1] j = {16256},
  int8[2] k = {-128, 127}, uint8[1] l = {255}, complex64[1] m = {1.0, -1.0}, float8e4m3fn[1] n = {56},
  float[0] o = {}, float[4] p = ["location": "weights.bin", "offset": "64", "length": "16"], float[2] q
>
{ q = Add(x, x) y = Neg(q) }`,
  attributes: `
<ir_version: 8, opset_import: ["" : 17]>
g (float[2] x) => (float[2] y) {
  y = Op <a = 1, b = 1.0, c = "text", d = [1, 2], e = [1.0, -2.5], f = ["s", "t"], g: ints = [], h: floats = [],
    i: strings = [], j = float[2] {1, 2}, k = int64[1] named {7}, l: float = 1, m = 9223372036854775807,
    n: type_proto = seq(float[N]), o = -inf, p: tensor = string[1] = {"z"}, q: floats = [1, 2]> (x)
}`,
  "attributes behind the inputs": `
<ir_version: 8, opset_import: ["" : 17]>
g (float[2] x) => (float[2] y) { y = LeakyRelu (x) <alpha = 0.5> }`,
  "bodies, captures and quoted names": `
<ir_version: 8, opset_import: ["" : 17]>
"main/graph" (float[2] "x:0", bool cond) => (float[2] "out/y")
{
  ["node/1"] "t.1" = Relu("x:0")
  [node_2] "out/y" = If (cond) <
    then_branch = then_graph () => (float[2] t1) { t1 = Add("t.1", "x:0") },
    else_branch = else_graph () => (float[2] e1) <float[2] k = {1, 2}> { e1 = Mul("t.1", k) }
  >
}`,
  "skipped inputs and outputs": `
<ir_version: 8, opset_import: ["" : 17]>
g (float[3] x, float[1] hi) => (float[3] y) {
  a = Clip(x, "", hi)
  "", b = TwoOutputs(a, , x)
  y = Clip(b,)
}`,
  "functions, references and overloads": `
<ir_version: 10, opset_import: ["" : 17, "local" : 1]>
g (float[2] x) => (float[2] y) { y = local.Scale:fast <alpha = 2.0> (x) }
<domain: "local", opset_import: ["" : 17], overload: "fast", doc_string: "scales">
Scale <alpha, beta: float = 1.0> (float[N] a) => (c) <float[N] b>
{
  b = LeakyRelu <alpha: float = @alpha> (a)
  c = Identity(b)
}
<domain: "local", opset_import: ["" : 17]> Plain (a) => (b) { b = Relu(a) }`,
  comments: `
# in front
<ir_version: 8, opset_import: ["" : 17]> # behind
g (float[2] x) => # within
(float[2] y) { # "of a node"
  y = Relu(x) # at the end
}`,
};
