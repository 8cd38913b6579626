import { type NormfoldPluginOptions, normfold } from "./index.js";

export type { NormfoldPluginOptions } from "./options.js";

/** normfold's plugin for esbuild. */
const plugin: (options?: NormfoldPluginOptions) => ReturnType<typeof normfold.esbuild> = normfold.esbuild;
export default plugin;
