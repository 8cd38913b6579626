import type { Command } from "commander";
import { nearest } from "../base/nearest.js";
import { PASSES } from "../index.js";
import { PASSES_COMMAND, PASSES_RUN } from "../options/commands.js";
import { JSON_ONLY } from "../options/common.js";
import { pick } from "../options/validate.js";
import { operatorsText, operatorText } from "../report/operators-text.js";
import { gradientsText, passesText } from "../report/passes-text.js";
import { gradientCoverage, operatorCoverage } from "../train.js";
import { type Call, defineOptions } from "./define.js";
import { errors } from "./errors.js";
import { styleFor, write, writeDocument } from "./output.js";

export function definePasses(command: Command): void {
  defineOptions(command, PASSES_COMMAND, passesCommand);
}

/** Lists the passes; each switch of the command shows another table instead. */
async function passesCommand({ given }: Call): Promise<void> {
  const { json = false } = pick(JSON_ONLY, given);
  const { gradients = false, operators = false, operator } = pick(PASSES_RUN, given);
  if (operator !== undefined) return await describeOperator(operator, json);
  if (operators) return await listOperators(json);
  if (gradients) return await listGradients(json);
  await listPasses(json);
}

async function listPasses(json: boolean): Promise<void> {
  if (json) {
    const passes = PASSES.map(
      ({ name, summary, before, after, numerics, specials, order, refusals = {} }) => {
        const ids = Object.values(refusals).map(({ id }) => id);
        return {
          name,
          summary,
          before,
          after,
          numerics,
          specials,
          order: order ?? "any place",
          refusals: ids,
        };
      },
    );
    return await writeDocument("passes", { passes });
  }
  await write(passesText(PASSES, styleFor("stdout")));
}

async function listGradients(json: boolean): Promise<void> {
  if (json) return await writeDocument("passes", { gradients: gradientCoverage() });
  await write(gradientsText(gradientCoverage(), styleFor("stdout")));
}

async function listOperators(json: boolean): Promise<void> {
  const operators = operatorCoverage();
  if (json) return await writeDocument("passes", { operators });
  await write(operatorsText(operators, styleFor("stdout")));
}

async function describeOperator(name: string, json: boolean): Promise<void> {
  const operators = operatorCoverage();
  const found = operators.find(({ operator }) => operator === name);
  if (found === undefined) {
    const names = operators.map(({ operator }) => operator);
    throw errors.operatorIsUnknown(name, nearest(name, names));
  }
  if (json) return await writeDocument("passes", { operators: [found] });
  await write(operatorText(found, styleFor("stdout")));
}
