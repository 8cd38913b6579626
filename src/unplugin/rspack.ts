import { type NormfoldPluginOptions, normfold } from "./index.js";

export type { NormfoldPluginOptions } from "./options.js";

/** normfold's plugin for rspack. */
const plugin: (options?: NormfoldPluginOptions) => ReturnType<typeof normfold.rspack> = normfold.rspack;
export default plugin;
