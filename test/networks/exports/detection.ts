import { type Model, tensorFromNumbers, type Value } from "../../../src/index.js";
import type { Exporter } from "./exporter.js";

/** relu6 of a convolution. */
function block(e: Exporter, x: Value, from: number, to: number, stride = 1, groups = 1): Value {
  const kernel = groups > 1 || stride > 1 ? 3 : 1;
  const y = e.conv(x, from, to, kernel, { stride, groups });
  return e.apply("Clip", [y, e.number(0), e.number(6)]);
}

/** SSD (Liu et al. 2016) on a MobileNet: boxes of two maps, decoded, and NonMaxSuppression. */
export function ssd(e: Exporter): Model {
  const [classes, boxes, first, second] = [3, 2, 16 * e.scale, 24 * e.scale];
  let x = block(e, e.input("x", ["batch", 3, 32, 32]), 3, first, 2);
  x = block(e, block(e, x, first, first, 2, first), first, second);
  const inner = block(e, block(e, x, second, second, 1, second), second, second);
  const large = e.add(x, inner);
  const small = block(e, block(e, large, second, second, 2, second), second, second);
  const batch = e.size(small, 0, "batch");
  const head = (map: Value, per: number): Value =>
    e.reshape(e.transpose(e.conv(map, second, boxes * per, 3), 0, 2, 3, 1), batch, -1, per);
  const join = (per: number): Value => e.apply("Concat", [head(large, per), head(small, per)], { axis: 1 });
  const count = boxes * (8 * 8 + 4 * 4);
  const scores = e.transpose(e.softmax(join(classes)), 0, 2, 1);
  const coded = join(4);
  const [centres, sizes] = e.chunk(coded, 2, 2, 2);
  if (centres === undefined || sizes === undefined) throw new Error("two parts");
  const anchors = e.constant([1, count, 2], 0.1, 0.4);
  const middle = e.add(e.mul(e.mul(centres, e.number(0.1)), anchors), e.constant([1, count, 2], 0, 1));
  const extent = e.mul(e.apply("Exp", [e.mul(sizes, e.number(0.2))]), anchors);
  const half = e.apply("Div", [extent, e.number(2)]);
  const corners = e.apply("Concat", [e.apply("Sub", [middle, half]), e.add(middle, half)], { axis: 2 });
  const limit = (value: number): Value => e.constant([1], value, value);
  const picked = e.apply("NonMaxSuppression", [
    corners,
    scores,
    e.integers([1], [5]),
    limit(0.5),
    limit(0.1),
  ]);
  return e.finish(
    [corners, ["batch", count, 4]],
    [scores, ["batch", classes, count]],
    [e.apply("Cast", [picked], { to: 1 }), [-1, 3]],
  );
}

/** A detector of the YOLO family: cross-stage parts, a pyramid with Resize, boxes by distances. */
export function yolo(e: Exporter): Model {
  const layer = (x: Value, from: number, to: number, kernel = 1, stride = 1): Value =>
    e.silu(e.conv(x, from, to, kernel, { stride }));
  const crossStage = (x: Value, from: number, to: number): Value => {
    const [one, two] = e.chunk(layer(x, from, to), 1, to / 2, to / 2);
    if (one === undefined || two === undefined) throw new Error("two parts");
    const inner = e.add(two, layer(layer(two, to / 2, to / 2, 3), to / 2, to / 2, 3));
    return layer(e.apply("Concat", [one, two, inner], { axis: 1 }), 1.5 * to, to);
  };
  const stem = layer(layer(e.input("x", ["batch", 3, 64, 64]), 3, 8, 3, 2), 8, 16, 3, 2);
  const high = crossStage(stem, 16, 16);
  const low = crossStage(layer(high, 16, 32, 3, 2), 32, 32);
  const scales = tensorFromNumbers("float", [4], Float64Array.of(1, 1, 2, 2));
  const factor = e.apply("Constant", [], { value: { kind: "tensor", value: scales } });
  const wide = e.outputsOf("Resize", 1, [low, none(e), factor], {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  });
  const joined = e.apply("Concat", [...wide, high], { axis: 1 });
  const fine = crossStage(joined, 48, 16);
  const batch = e.size(fine, 0, "batch");
  const flat = (map: Value, from: number, side: number): Value =>
    e.reshape(e.conv(layer(map, from, 16, 3), 16, 8, 1), batch, 8, side * side);
  const all = e.apply("Concat", [flat(fine, 16, 16), flat(low, 32, 8)], { axis: 2 });
  const [distances, classes] = e.chunk(all, 1, 4, 4);
  if (distances === undefined || classes === undefined) throw new Error("two parts");
  const boxes = e.mul(e.apply("Sub", [e.parameter(1, 4, 320), distances]), e.parameter(1, 1, 320));
  const output = e.apply("Concat", [boxes, e.apply("Sigmoid", [classes])], { axis: 1 });
  return e.finish([output, ["batch", 8, 320]]);
}

/** An empty region of interest, as exporters write for a Resize without one. */
function none(e: Exporter): Value {
  return e.constant([0], 0, 0);
}
