import { inferenceTable } from "../../support/infer.js";

inferenceTable("signal", 17, [
  ["float[N,10,1] x", "y = DFT<axis=1, onesided=1>(x)", "float[N,6,2]"],
  ["float[N,L,2] x | int64 n = {16}", "y = DFT<axis=1>(x, n)", "float[N,16,2]"],
  ["float[N,100,1] x, float[20] w | int64 step = {10}", "y = STFT(x, step, w)", "float[N,9,11,2]"],
  [" | int64 n = {7}", "y = HannWindow(n)", "float[7]"],
  [" | int64 n = {7}", "y = HammingWindow<output_datatype=11>(n)", "double[7]"],
  [
    " | int64 bins = {8}, int64 length = {64}, int64 rate = {8000}, float low = {0}, float high = {4000}",
    "y = MelWeightMatrix(bins, length, rate, low, high)",
    "float[33,8]",
  ],
]);

inferenceTable("signal", 20, [["float[N,10,1] x", "y = DFT<onesided=1>(x)", "float[N,6,2]"]]);
