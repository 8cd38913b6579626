import { expect, it } from "vitest";
import { junitText } from "../../src/reporters/junit.js";
import { expectJUnit } from "../support/junit.js";
import { CASES } from "./cases.js";

it("is what the schema says, whatever the names hold", async () => {
  const text = junitText(CASES, "optimize");
  await expectJUnit(text);
  expect(text).toContain(
    '<testsuite name="normfold optimize" tests="3" failures="1" errors="1" time="1.250000">',
  );
  expect(text).toContain('message="nodes: wanted &quot;2&quot; &amp; got 3\\u0001">');
  expect(text).toContain("nodes: 3 -&gt; 2\nunchecked: 100% of a|b &lt;c&gt;\nnext</system-out>");
  const odd = { ...CASES[1], name: '"<&>\u0000\ud800]]>\uffff', status: "error" } as const;
  await expectJUnit(
    junitText([{ ...CASES[0], ...odd, findings: [], figures: [], file: undefined, seconds: 1e-9 }], "check"),
  );
  await expectJUnit(junitText([], "optimize"));
});

it("is refused by the schema where a field is missing", async () => {
  const text = junitText(CASES, "optimize").replace(' classname="normfold optimize"', "");
  await expect(expectJUnit(text)).rejects.toThrow("classname");
});
