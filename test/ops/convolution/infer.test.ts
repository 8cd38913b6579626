import { inferenceTable } from "../../support/infer.js";

const image = "float[N,3,32,24] x";

inferenceTable("convolution", 17, [
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
