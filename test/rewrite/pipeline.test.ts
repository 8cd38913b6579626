import { describe, expect, it } from "vitest";
import type { Model } from "../../src/ir/model.js";
import type { Pass, Rule } from "../../src/rewrite/pass.js";
import { type PipelineLog, type PipelineOptions, runPipeline } from "../../src/rewrite/pipeline.js";
import { parseGraph } from "../../src/text/parse.js";
import { becomes, operatorsOf, passOf } from "./support.js";

const modelOf = (body: string): Model =>
  parseGraph(`g (float[2] x) => (float[2] y) { ${body} }`, { opset: 17 });

async function run(
  model: Model,
  passes: readonly Pass[],
  options: Partial<PipelineOptions> = {},
): Promise<PipelineLog & { readonly ran: string }> {
  const ran: string[] = [];
  const log = await runPipeline(model, passes, {
    settings: { growthLimit: 0, inlineFunctions: false, preserveNonfinite: false, target: "any" as const },
    onPass: ({ name }, round) => void ran.push(`${name}${round}`),
    ...options,
  });
  return { ...log, ran: ran.join(" ") };
}

/** Leaves the output of a node without a node that computes it first. */
const breaking: Pass = passOf("breaking", {
  operators: ["Neg"],
  match: (node) =>
    node.input(0)?.producer?.is("Abs")
      ? undefined
      : {
          kind: "rewrite",
          summary: "a node after its use",
          apply: (rewriter) => {
            const { graph } = node;
            if (graph === undefined) return;
            const late = rewriter.addNode(graph, { opType: "Abs", inputs: node.inputs, outputs: ["late"] });
            rewriter.setInput(node, 0, late.output(0) ?? null);
          },
        },
});

describe("runPipeline", () => {
  it("goes round until every pass has found nothing since its last rewrite, and no further", async () => {
    const model = modelOf("y = Neg (x)");
    const passes = [passOf("second", becomes("Abs", "Relu")), passOf("first", becomes("Neg", "Abs"))];
    const { rewrites, rounds, ran } = await run(model, passes);
    expect(operatorsOf(model)).toBe("Relu");
    expect(rewrites.map(({ pass }) => pass)).toEqual(["first", "second"]);
    expect(rounds).toBe(3);
    expect(ran).toBe("second1 first1 second2 first2 second3");
  });

  it("asks each pass once of a model that stays as it is", async () => {
    const { ran, flaw } = await run(modelOf("y = Relu (x)"), [passOf("a"), passOf("b")]);
    expect(ran).toBe("a1 b1");
    expect(flaw).toBeUndefined();
  });

  it("stops passes that undo each other", async () => {
    const passes = [passOf("a", becomes("Neg", "Abs")), passOf("b", becomes("Abs", "Neg"))];
    await expect(run(modelOf("y = Neg (x)"), passes)).rejects.toMatchObject({
      id: "pass-does-not-converge",
      message: expect.stringMatching(/a and b/),
    });
  });

  const waiting = (name: string, ...rules: readonly Rule[]): Pass => ({
    ...passOf(name, ...rules),
    waits: true,
  });

  it("lets passes wait until the others have nothing to do, wherever they stand", async () => {
    const late = waiting("late", becomes("Abs", "Relu"));
    const { ran } = await run(modelOf("y = Neg (x)"), [
      late,
      passOf("a", becomes("Neg", "Abs")),
      passOf("b"),
    ]);
    expect(ran).toBe("a1 b1 a2 late2 a3 b3 late3");
  });

  it("asks the others again after each rewrite of one that waits, before the next that does", async () => {
    const model = modelOf("a = Neg (x) y = Abs (a)");
    const passes = [
      passOf("a"),
      passOf("b", becomes("Relu", "Abs")),
      waiting("late", becomes("Neg", "Relu")),
      waiting("later"),
    ];
    const { ran, rounds } = await run(model, passes);
    expect(operatorsOf(model)).toBe("Abs Abs");
    expect(ran).toBe("a1 b1 late1 a2 b2 a3 b3 late3 later3");
    expect(rounds).toBe(3);
  });

  it("runs passes that wait without any others", async () => {
    const model = modelOf("y = Neg (x)");
    const { ran } = await run(model, [waiting("late", becomes("Neg", "Abs"))]);
    expect(operatorsOf(model)).toBe("Abs");
    expect(ran).toBe("late1 late2");
  });

  it("stops passes that undo each other where one waits, and names both", async () => {
    const passes = [waiting("a", becomes("Neg", "Abs")), passOf("b", becomes("Abs", "Neg")), passOf("c")];
    await expect(run(modelOf("y = Neg (x)"), passes)).rejects.toMatchObject({
      id: "pass-does-not-converge",
      message: expect.stringMatching(/a and b|b and a/),
    });
  });

  it("says what a rewrite broke, at the end or behind the pass that did", async () => {
    const { flaw } = await run(modelOf("y = Neg (x)"), [breaking]);
    expect(flaw).toMatch(/^order: /);
    const each = run(modelOf("y = Neg (x)"), [breaking], { verifyEach: true });
    await expect(each).rejects.toMatchObject({ id: "pass-left-invalid-graph" });
  });

  it("awaits procedures", async () => {
    const model = modelOf("y = Neg (x)");
    const later: Pass = {
      ...passOf("later"),
      kind: "procedure",
      run: async ({ attempt, view }) => {
        await Promise.resolve();
        const [node] = view.model.nodes();
        const proposal = node?.is("Neg") ? becomes("Neg", "Relu").match(node, view) : undefined;
        if (proposal?.kind === "rewrite") attempt("y", proposal);
      },
    };
    await run(model, [later]);
    expect(operatorsOf(model)).toBe("Relu");
  });
});
