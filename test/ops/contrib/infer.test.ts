import { domainTable } from "../../support/infer.js";

const X = "float[N,S,32] x";
const QUANTIZED = "float s, uint8 o";

domainTable("com.microsoft", 1, [
  [
    "float[N,3,H,W] x, float[8,3,3,3] w, float[8] b",
    'y = com.microsoft.FusedConv <activation = "Relu", pads = [1,1,1,1]> (x, w, b)',
    "float[N,8,H,W]",
  ],
  ["float[N,6] x, float[6,8] w", 'y = com.microsoft.FusedGemm <activation = "Relu"> (x, w)', "float[N,8]"],
  [
    "float[N,4,S,8] x, float[N,4,T,8] w",
    "y = com.microsoft.FusedMatMul <transB = 1> (x, w)",
    "float[N,4,S,T]",
  ],
  ["float[N,4,8,S] x, float[8,5] w", "y = com.microsoft.FusedMatMul <transA = 1> (x, w)", "float[N,4,S,5]"],
  ["float[2,N,8] x, float[5,8] w", "y = com.microsoft.FusedMatMul <transBatchA = 1> (x, w)", "float[...]"],
  [X, "y = com.microsoft.Gelu (x)", "float[N,S,32]"],
  [`${X}, float[32] b`, "y = com.microsoft.BiasGelu (x, b)", "float[N,S,32]"],
  [
    `${X}, ${X.replace("x", "r")}, float[32] g`,
    "y, z, u, v = com.microsoft.SkipLayerNormalization (x, r, g)",
    "float[N,S,32]",
    "unknown",
    "unknown",
    "float[N,S,32]",
  ],
  [
    `${X}, float[32,96] w, float[96] b`,
    "y = com.microsoft.Attention <num_heads = 4> (x, w, b)",
    "float[N,S,32]",
  ],
  [
    `${X}, float[32,80] w, float[80] b`,
    "y = com.microsoft.Attention <num_heads = 4, qkv_hidden_sizes = [32, 32, 16]> (x, w, b)",
    "float[N,S,16]",
  ],
  [
    `${X}, float[N,T,32] k, float[N,T,48] v`,
    "y = com.microsoft.MultiHeadAttention <num_heads = 4> (x, k, v)",
    "float[N,S,48]",
  ],
  [
    `${X}, float[N,4,T,8] k, float[N,4,T,12] v`,
    "y = com.microsoft.MultiHeadAttention <num_heads = 4> (x, k, v)",
    "float[N,S,48]",
  ],
  ["float[N,S,4,3,8] x", "y = com.microsoft.MultiHeadAttention <num_heads = 4> (x)", "float[...]"],
  [
    `${X}, float[N,S,16] k, float[N,S,16] v, float[N,2,P,8] pk, float[N,2,P,8] pv, int32[N] l, int32 t`,
    "y, z, u = com.microsoft.GroupQueryAttention <num_heads = 4, kv_num_heads = 2> (x, k, v, pk, pv, l, t)",
    "float[N,S,32]",
    "float[...]",
    "float[...]",
  ],
  [
    "float[N,S,96] x, float[N,2,P,16] pk, float[N,2,P,16] pv, int32[N] l, int32 t",
    'y = com.microsoft.GroupQueryAttention <num_heads = 2, kv_num_heads = 2> (x, "", "", pk, pv, l, t)',
    "float[N,S,32]",
  ],
  [`${X}, float[32] g`, "y = SimplifiedLayerNormalization <axis = -1> (x, g)", "float[N,S,32]"],
  [
    `${X}, uint8[48,2,8] w, float[96] s`,
    "y = com.microsoft.MatMulNBits <K = 32, N = 48, bits = 4, block_size = 16> (x, w, s)",
    "float[N,S,48]",
  ],
  [
    `uint8[N,1,4] x, ${QUANTIZED}, uint8[3,1] z`,
    "y = com.microsoft.QLinearAdd (x, s, o, z, s, o, s, o)",
    "uint8[N,3,4]",
  ],
  [
    `uint8[N,3,4] x, ${QUANTIZED}, uint8[N,5,4] z`,
    "y = com.microsoft.QLinearConcat <axis = 1> (s, o, x, s, o, z, s, o)",
    "uint8[N,8,4]",
  ],
  [
    `uint8[N,3,H,W] x, ${QUANTIZED}`,
    "y = com.microsoft.QLinearGlobalAveragePool (x, s, o, s, o)",
    "uint8[N,3,1,1]",
  ],
  [
    `uint8[N,6] x, int8[8,6] w, ${QUANTIZED}, int8 p`,
    "y = com.microsoft.QGemm <transB = 1> (x, s, o, w, s, p)",
    "float[N,8]",
  ],
  [
    `uint8[N,6] x, int8[8,6] w, ${QUANTIZED}, int8 p`,
    'y = com.microsoft.QGemm <transB = 1> (x, s, o, w, s, p, "", s, o)',
    "uint8[N,8]",
  ],
  [
    "int32[N,S] x, int32[N,S] t, float[50,32] w, float[20,32] p",
    "y = com.microsoft.EmbedLayerNormalization (x, t, w, p)",
    "float[N,S,32]",
  ],
]);
