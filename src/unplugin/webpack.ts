import { type NormfoldPluginOptions, normfold } from "./index.js";

export type { NormfoldPluginOptions } from "./options.js";

/** normfold's plugin for webpack. */
const plugin: (options?: NormfoldPluginOptions) => ReturnType<typeof normfold.webpack> = normfold.webpack;
export default plugin;
