import { inferenceTable } from "../../support/infer.js";

inferenceTable("linear", 17, [
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
