import { inferenceTable } from "../../support/infer.js";

inferenceTable("generate", 17, [
  ["float[N,3] x", "y, z = Dropout(x)", "float[N,3]", "bool[N,3]"],
  ["", "y = RandomNormal<shape=[2,3]>()", "float[2,3]"],
  ["", "y = Constant<value_ints=[3,4]>()", "int64[2] = 3,4"],
  ["float[N,3] x", "s = Shape(x) y = ConstantOfShape(s)", "float[N,3]"],
  [" | int64 a = {2}, int64 b = {9}, int64 d = {3}", "y = Range(a, b, d)", "int64[3] = 2,5,8"],
]);

inferenceTable("generate", 8, [["float[N,3] x", "y, z = Dropout(x)", "float[N,3]", "float[N,3]"]]);
