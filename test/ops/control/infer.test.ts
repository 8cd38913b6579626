import { inferenceTable } from "../../support/infer.js";

inferenceTable("control", 17, [
  [
    "bool p, float[N,3] x, float[N,4] w",
    "y = If (p) <then_branch = t () => (a) { a = Neg (x) }, else_branch = e () => (b) { b = Exp (w) }>",
    "float[N,?]",
  ],
  [
    "float[N,3] x, float[N,4] w | bool p = {0}",
    "y = If (p) <then_branch = t () => (a) { a = Neg (x) }, else_branch = e () => (b) { b = Exp (w) }>",
    "float[N,4]",
  ],
  [
    "float[2,3] x | int64 trips = {4}, bool go = {1}",
    `y, z = Loop (trips, go, x) <body = body (int64 i, bool c, float[2,3] s) => (d, t, u)
       { d = Identity (c) t = Relu (s) u = Transpose (s) }>`,
    "float[2,3]",
    "float[?,3,2]",
  ],
  [
    "float[3] x, float[N,3] w",
    `y, z = Scan (x, w) <num_scan_inputs = 1, body = body (float[3] s, float[3] e) => (t, u)
       { t = Add (s, e) u = Exp (e) }>`,
    "float[3]",
    "float[N,3]",
  ],
]);
