import { type NormfoldPluginOptions, normfold } from "./index.js";

export type { NormfoldPluginOptions } from "./options.js";

/** normfold's plugin for rolldown. */
const plugin: (options?: NormfoldPluginOptions) => ReturnType<typeof normfold.rolldown> = normfold.rolldown;
export default plugin;
