import { expect, it } from "vitest";
import { Scope } from "../../src/ir/scope.js";

it("a name is taken until the last value of it goes", () => {
  const scope = new Scope();
  scope.claim("x");
  scope.claim("x");
  expect([scope.isTaken("x"), scope.isShared("x"), scope.isTaken("y")]).toEqual([true, true, false]);
  scope.release("x");
  expect([scope.isTaken("x"), scope.isShared("x")]).toEqual([true, false]);
  scope.release("x");
  expect([scope.isTaken("x"), scope.fresh("x")]).toEqual([false, "x"]);
});

it("fresh names count on, and never meet one that is taken", () => {
  const scope = new Scope();
  for (const name of ["x", "x_1", "x_3"]) scope.claim(name);
  const given = Array.from({ length: 3 }, () => {
    const name = scope.fresh("x");
    scope.claim(name);
    return name;
  });
  expect(given).toEqual(["x_2", "x_4", "x_5"]);
});
