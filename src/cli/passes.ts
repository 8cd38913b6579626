import type { Command } from "commander";
import { PASSES_COMMAND, PASSES_RUN } from "../options/commands.js";
import { JSON_ONLY } from "../options/common.js";
import { pick } from "../options/validate.js";
import { type Call, defineCommand } from "./define.js";
import { styleFor, write, writeJson } from "./output.js";

export function addPasses(program: Command): void {
  defineCommand(program, PASSES_COMMAND, passesCommand);
}

/** A view of what normfold knows: each switch of the command's table shows one. */
async function passesCommand({ given }: Call): Promise<void> {
  const { json = false } = pick(JSON_ONLY, given);
  const { gradients = false } = pick(PASSES_RUN, given);
  if (gradients) return await listGradients(json);
  await listPasses(json);
}

async function listPasses(json: boolean): Promise<void> {
  const { PASSES } = await import("../index.js");
  if (json) {
    const passes = PASSES.map(({ name, summary, before, after, numerics }) => {
      return { name, summary, before, after, numerics };
    });
    return await writeJson({ passes });
  }
  const { passesText } = await import("../report/passes-text.js");
  await write(passesText(PASSES, styleFor("stdout")));
}

async function listGradients(json: boolean): Promise<void> {
  const { gradientCoverage } = await import("../train.js");
  if (json) return await writeJson({ gradients: gradientCoverage() });
  const { gradientsText } = await import("../report/passes-text.js");
  await write(gradientsText(gradientCoverage(), styleFor("stdout")));
}
