import { createFacts } from "../analysis/fact-table.js";
import type { NormfoldError } from "../base/errors.js";
import { keepInputs } from "../ir/ir-version.js";
import type { Model } from "../ir/model.js";
import { verify } from "../ir/verify.js";
import { runRules } from "./driver.js";
import { errors } from "./errors.js";
import type { AddedConstants, Evaluate, Pass, RefusalRecord, RewriteRecord, Settings, View } from "./pass.js";
import { type Gate, OPEN_GATE, passFault, RewriteSession } from "./session.js";

/** The most rounds of the whole pipeline, so that passes that undo each other are found. Real models settle in two or three. */
const MAX_ROUNDS = 128;

/** The pass that would make one operator of a composite, were the opset newer. */
const SPELLED = { name: "fuse-compound-operators" };

export interface PipelineOptions {
  readonly settings: Settings;
  readonly gate?: Gate;
  readonly evaluate?: Evaluate | undefined;
  /** Verify after every pass instead of once at the end, and throw "internal" at the first that left an invalid graph. */
  readonly verifyEach?: boolean;
  readonly onPass?: (pass: Pass, round: number) => void;
  /** Awaited before every pass, so that what goes on beside the passes is served. */
  readonly pause?: (() => Promise<void>) | undefined;
}

export interface PipelineLog {
  readonly rewrites: readonly RewriteRecord[];
  readonly refusals: readonly RefusalRecord[];
  readonly rounds: number;
  readonly added: readonly AddedConstants[];
  /** The rule of ONNX that the result breaks and the model did not; undefined for a sound one. */
  readonly flaw: string | undefined;
}

/**
 * Runs the passes in order, again and again until none of them has changed anything since its last turn. Those that wait have theirs
 * when the others have nothing to do. Edits `model` in place.
 */
export async function runPipeline(
  model: Model,
  passes: readonly Pass[],
  options: PipelineOptions,
): Promise<PipelineLog> {
  const session = new RewriteSession(options.gate ?? OPEN_GATE);
  /** The number of rewrites at the start of each round. */
  const starts: number[] = [];
  /** Passes in a row that found nothing to do. When that is all of them the run ends, in the middle of a round too. */
  let idle = 0;
  let facts = createFacts(model);
  // Flaws that the model had before (an output without a type) are not the fault of the passes.
  const accepted = new Set(flawsOf(model));
  const freshFlaw = (): string | undefined => flawsOf(model).find((flaw) => !accepted.has(flaw));
  const eager = passes.filter(({ waits }) => waits !== true);
  const turns = [...eager, ...passes.filter(({ waits }) => waits === true)];
  while (idle < passes.length || facts.isDated) {
    if (starts.length === MAX_ROUNDS) throw restless(session.rewrites.slice(starts.at(-2)));
    starts.push(session.rewrites.length);
    // Known facts stay true, but after a rewrite more may be known, for instance behind a Loop that was inlined.
    if (facts.isDated) {
      facts = createFacts(model);
      idle = 0;
    }
    const view: View = { model, facts, settings: options.settings };
    for (const pass of turns) {
      const isSettled = idle >= eager.length && !facts.isDated;
      if (isSettled !== (pass.waits === true)) continue;
      options.onPass?.(pass, starts.length);
      if (options.pause !== undefined) await options.pause();
      session.reconsider(pass);
      const made = session.rewrites.length;
      const collapsed = session.composites.size;
      if (pass.kind === "rules") runRules(pass, pass.rules, view, session);
      else await pass.run(session.context(pass, view, options.evaluate));
      const isIdle = session.rewrites.length === made && session.composites.size === collapsed;
      idle = isIdle ? idle + 1 : 0;
      // At once, because a constant that is an input may then be replaced by an equal one.
      if (!isIdle) keepInputs(model);
      const flaw = options.verifyEach && idle === 0 ? freshFlaw() : undefined;
      if (flaw !== undefined) throw passFault(pass, model, flaw);
    }
  }
  for (const [node, refusal] of session.composites.expand(model, facts))
    session.refused(SPELLED, node, refusal);
  const { rewrites } = session;
  const flaw = rewrites.length > 0 && !options.verifyEach ? freshFlaw() : undefined;
  return {
    rewrites,
    refusals: session.standingRefusals(),
    rounds: starts.length,
    added: session.addedConstants(),
    flaw,
  };
}

function flawsOf(model: Model): string[] {
  return verify(model).map(({ check, message }) => `${check}: ${message}`);
}

/** `last`: the rewrites of two rounds, because one that waits has undone those of the round before. */
function restless(last: readonly RewriteRecord[]): NormfoldError {
  const names = [...new Set(last.map(({ pass }) => pass))].join(" and ");
  const keys = new Set(last.map(({ key }) => key));
  return errors.passDoesNotConverge(names).at({ element: [...keys].slice(0, 3).join(", ") });
}
