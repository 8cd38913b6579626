import { counting, referenceTable } from "../../support/reference.js";

referenceTable("vision", [
  ["y = Upsample <scales = [1.0, 1.0, 2.0]> (x)", { x: counting(1, 1, 2) }, [1, 1, 4], [1, 1, 2, 2], 7],
  [
    `s = Constant <value_floats = [1.0, 1.0, 2.0]> () y = Resize <mode = "linear"> (x, "", s)`,
    { x: counting(1, 1, 2) },
    [1, 1, 4],
    [1, 1.25, 1.75, 2],
  ],
  [
    `s = Constant <value_floats = [1.0, 1.0, 2.0]> () y = Resize <mode = "linear", coordinate_transformation_mode = "align_corners"> (x, "", s)`,
    { x: { dims: [1, 1, 2], data: [0, 3] } },
    [1, 1, 4],
    [0, 1, 2, 3],
  ],
]);
