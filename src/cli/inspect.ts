import type { Command } from "commander";
import { defined } from "../base/optional.js";
import { loadInput } from "../job/files.js";
import { recordFiles } from "../job/record.js";
import { describeModel } from "../library/description.js";
import { INSPECT, INSPECT_COMMAND } from "../options/commands.js";
import { JSON_ONLY, LOAD } from "../options/common.js";
import { pick } from "../options/validate.js";
import { constantsText } from "../report/constants-text.js";
import { inspectText } from "../report/inspect-text.js";
import { type Call, defineOptions } from "./define.js";
import { styleFor, write, writeDocument } from "./output.js";

export function defineInspect(command: Command): void {
  defineOptions(command, INSPECT_COMMAND, inspectCommand);
}

async function inspectCommand({ args: [path = ""], given }: Call): Promise<void> {
  const { model, file } = await loadInput(path, { ...pick(LOAD, given), allowMissingExternalData: true });
  const description = describeModel(model);
  const { all = false, parameters = false } = pick(INSPECT, given);
  // Whoever does not ask for it does not load the code for training.
  const constants = parameters ? (await import("../train.js")).listConstants(model) : undefined;
  if (pick(JSON_ONLY, given).json)
    return await writeDocument("inspect", {
      file: await recordFiles(file),
      ...description,
      ...defined({ constants }),
    });
  const style = styleFor("stdout");
  await write(
    constants === undefined
      ? inspectText(file, description, { style, all })
      : constantsText(constants, style),
  );
}
