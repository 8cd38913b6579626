import type { Command } from "commander";
import { loadInput } from "../job/files.js";
import { describeModel } from "../library/description.js";
import { INSPECT, INSPECT_COMMAND } from "../options/commands.js";
import { JSON_ONLY, LOAD } from "../options/common.js";
import { pick } from "../options/validate.js";
import { inspectText } from "../report/inspect-text.js";
import { type Call, defineOptions } from "./define.js";
import { styleFor, write, writeJson } from "./output.js";

export function defineInspect(command: Command): void {
  defineOptions(command, INSPECT_COMMAND, inspectCommand);
}

async function inspectCommand({ args: [path = ""], given }: Call): Promise<void> {
  const { model, file } = await loadInput(path, { ...pick(LOAD, given), allowMissingExternalData: true });
  const description = describeModel(model);
  if (pick(JSON_ONLY, given).json) return await writeJson({ file, ...description });
  const { all = false } = pick(INSPECT, given);
  await write(inspectText(file, description, { style: styleFor("stdout"), all }));
}
