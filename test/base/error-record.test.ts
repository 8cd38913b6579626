import { expect, it } from "vitest";
import { packError, unpackError } from "../../src/base/error-record.js";
import { NormfoldError } from "../../src/base/errors.js";

it("carries errors with their id and place; others are bugs", () => {
  const error = new NormfoldError(
    "invalid",
    "it is wrong",
    { element: 'Conv "c"' },
    { id: "runtime-rejects-model" },
  );
  expect(unpackError(JSON.parse(JSON.stringify(packError(error))))).toEqual(error);
  expect(packError(new TypeError("no"))).toMatchObject({ code: "internal", message: "TypeError: no" });
  expect(packError("no")).toMatchObject({ code: "internal", message: "no" });
});
