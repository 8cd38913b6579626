import { type NormfoldPluginOptions, normfold } from "./index.js";

export type { NormfoldPluginOptions } from "./options.js";

/** normfold's plugin for rollup. */
const plugin: (options?: NormfoldPluginOptions) => ReturnType<typeof normfold.rollup> = normfold.rollup;
export default plugin;
