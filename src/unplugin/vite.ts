import { type NormfoldPluginOptions, normfold } from "./index.js";

export type { NormfoldPluginOptions } from "./options.js";

/** normfold's plugin for vite. */
const plugin: (options?: NormfoldPluginOptions) => ReturnType<typeof normfold.vite> = normfold.vite;
export default plugin;
