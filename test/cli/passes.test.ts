import { describe, expect, test } from "vitest";
import { PASSES } from "../../src/index.js";
import { expectNarrow, normfold, temporaryFolder } from "../support/cli.js";

const cwd = temporaryFolder();

describe("normfold passes", () => {
  test("lists every pass in order", async () => {
    const { code, stdout } = await normfold(["passes"], { cwd });
    expect(code).toBe(0);
    expectNarrow(stdout);
    const listed = stdout.split("\n").filter((line) => /^\w/.test(line));
    expect(listed).toEqual(PASSES.map(({ name, numerics }) => `${name}  ${numerics}`));
    const json = await normfold(["passes", "--json"], { cwd });
    expect(JSON.parse(json.stdout).passes.map(({ name }: { name: string }) => name)).toEqual(
      PASSES.map(({ name }) => name),
    );
  });
});

describe("normfold passes --gradients", () => {
  test("says which operators have a gradient, a zero gradient or none", async () => {
    const { code, stdout } = await normfold(["passes", "--gradients"], { cwd });
    expect(code).toBe(0);
    expectNarrow(stdout);
    expect(stdout).toMatch(/^\d{3} operators with a gradient/);
    const { gradients } = JSON.parse((await normfold(["passes", "--gradients", "--json"], { cwd })).stdout);
    const kindOf = (name: string): unknown =>
      gradients.find(({ operator }: { operator: string }) => operator === name)?.kind;
    expect(["Conv", "Floor", "GridSample"].map(kindOf)).toEqual(["gradient", "zero", "refused"]);
  });
});
