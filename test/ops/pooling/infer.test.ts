import { inferenceTable } from "../../support/infer.js";

const image = "float[N,3,32,24] x";

inferenceTable("pooling", 17, [
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
