import { expect, it } from "vitest";
import { Graph } from "../../src/ir/graph.js";
import { VisibleNames } from "../../src/ir/visible-names.js";

it("a graph's own values hide those around it, and are not visible there", () => {
  const graph = new Graph("g");
  const [x, inner, y] = ["x", "x", "y"].map((name) => graph.addInput({ name }));
  if (x === undefined || inner === undefined || y === undefined) return expect.unreachable();
  const outer = new VisibleNames(undefined);
  const body = new VisibleNames(outer);
  outer.own.set("x", x).set("y", y);
  body.own.set("x", inner);
  expect(body.get("x")).toBe(inner);
  expect(body.get("y")).toBe(y);
  expect(outer.get("x")).toBe(x);
  expect(body.get("z")).toBeUndefined();
});
