import { inferenceTable } from "../../support/infer.js";

inferenceTable("movement", 17, [
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

inferenceTable("movement", 9, [
  ["float[N,7] x", "y = Slice<starts=[1], ends=[-1], axes=[1]>(x)", "float[N,5]"],
  ["float[N,7] x", "y, z = Split<axis=1, split=[3,4]>(x)", "float[N,3]", "float[N,4]"],
  ["float[N,2] x", "y = Pad<pads=[1,0,0,2]>(x)", "float[N + 1,4]"],
]);
