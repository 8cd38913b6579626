import { inferenceTable } from "../../support/infer.js";

inferenceTable("elementwise", 17, [
  ["float[N,1,5] x, float[4,1] w", "y = Add(x, w)", "float[N,4,5]"],
  ["float[N] x, float[5] w", "y = Mul(x, w)", "float[5]"],
  ["float[N] x, float[M] w", "y = Mul(x, w)", "float[broadcast(M, N)]"],
  ["float[2] x, float[] w", "y = Greater(x, x)", "bool[2]"],
  ["float[N,3] x", "y = Cast<to=7>(x)", "int64[N,3]"],
  ["float[N,3] x, float16 w", "y = CastLike(x, w)", "float16[N,3]"],
  ["bool[N,1] x, float[3] w", "y = Where(x, w, w)", "float[N,3]"],
  ["float[N] x", "y = Max(x, x, x)", "float[N]"],
  ["float[2,3] x, float[3] w", "y = PRelu(x, w)", "float[2,3]"],
  ["float[N,3] x", "y = Softsign(x)", "float[N,3]"],
]);

inferenceTable("elementwise", 6, [
  ["float[N,3] x, float[3] w", "y = Add<broadcast=1, axis=1>(x, w)", "float[N,3]"],
]);

inferenceTable("elementwise", 5, [["float[N,3] x", 'y = Cast<to="INT32">(x)', "int32[N,3]"]]);
