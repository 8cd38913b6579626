import type { Command } from "commander";
import { defined } from "../base/optional.js";
import { assertSameInputs, loadData, profile } from "../index.js";
import { forModel, forModelAndFlags, loadInput } from "../job/files.js";
import { recordEach } from "../job/record.js";
import { isSameFile, STANDARD } from "../node/paths.js";
import { JSON_ONLY, LOAD } from "../options/common.js";
import { ISOLATION } from "../options/optimize.js";
import { PROFILE, PROFILE_COMMAND, PROFILE_RUN } from "../options/profile.js";
import { pick } from "../options/validate.js";
import { profileText } from "../report/profile-text.js";
import { type Call, defineOptions } from "./define.js";
import { errors } from "./errors.js";
import { removeTemporariesOnInterrupt } from "./files.js";
import { styleFor, write, writeDocument } from "./output.js";
import { createStages } from "./progress.js";

export function defineProfile(command: Command): void {
  defineOptions(command, PROFILE_COMMAND, profileCommand);
}

async function profileCommand({ args: [path = "", other], given }: Call): Promise<void> {
  if (other === STANDARD && path === STANDARD) throw errors.modelsAreOneFile(other);
  if (other !== undefined && other !== STANDARD && path !== STANDARD && isSameFile(path, other))
    throw errors.modelsAreOneFile(other);
  await removeTemporariesOnInterrupt();
  const stages = await createStages(true);
  try {
    stages.enter("read", "reading");
    const first = await loadInput(path, pick(LOAD, given));
    const second = other === undefined ? undefined : await loadInput(other, pick(LOAD, given));
    if (second !== undefined)
      await forModel(second.file.path, () => assertSameInputs(first.model, second.model));
    const { data: samples } = pick(PROFILE_RUN, given);
    const data = samples === undefined ? undefined : await loadData(first.model, samples);
    stages.enter("measure", "measuring");
    const options = {
      ...pick(PROFILE, given),
      isolation: "process",
      ...pick(ISOLATION, given),
      ...defined({ beside: second?.model, data }),
    } as const;
    const report = await forModelAndFlags(first.file.path, () => profile(first.model, options));
    stages.finish();
    const files = [first, second].flatMap((loaded) => (loaded === undefined ? [] : [loaded.file]));
    if (pick(JSON_ONLY, given).json)
      return await writeDocument("profile", { files: await recordEach(files), ...report });
    await write(profileText({ files, ...report }, styleFor("stdout")));
  } finally {
    stages.finish();
  }
}
