import type { Command } from "commander";
import { EXIT_HELP } from "./exit.js";
import { styleFor, write, writeJson } from "./output.js";

export function addPasses(program: Command): void {
  program
    .command("passes")
    .summary("list the passes, in the order they run")
    .description(
      "Lists the passes in the order they run: what each looks for, what it leaves, how exact it is.",
    )
    .option("--gradients", "list the operators that gradients are written for instead")
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText("after", EXIT_HELP)
    .action(passesCommand);
}

async function passesCommand(flags: { readonly json?: true; readonly gradients?: true }): Promise<void> {
  if (flags.gradients) return await listGradients(flags.json);
  const { PASSES } = await import("../index.js");
  if (flags.json) {
    const passes = PASSES.map(({ name, summary, before, after, numerics }) => {
      return { name, summary, before, after, numerics };
    });
    return await writeJson({ passes });
  }
  const { passesText } = await import("../report/passes-text.js");
  await write(passesText(PASSES, styleFor("stdout")));
}

async function listGradients(json: true | undefined): Promise<void> {
  const { gradientCoverage } = await import("../train.js");
  if (json) return await writeJson({ gradients: gradientCoverage() });
  const { gradientsText } = await import("../report/passes-text.js");
  await write(gradientsText(gradientCoverage(), styleFor("stdout")));
}
