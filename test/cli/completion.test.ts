import { expect, test } from "vitest";
import { expectFailure, normfold } from "../support/cli.js";

test("completion prints a script for each shell, with the names of the passes", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, stdout, stderr } = await normfold(["completion", shell]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("fold-affine-up");
    expect(stdout).toContain("check-differs");
  }
});

test("completion refuses another shell, and names those it has", async () => {
  expectFailure(
    await normfold(["completion", "tcsh"]),
    2,
    /no completion for "tcsh"; choose among bash, zsh, fish/,
  );
});
