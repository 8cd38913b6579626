/** normfold's plugin for bundlers: `import url from "./model.onnx"` gives the address of the optimized model. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import { createUnplugin, type UnpluginInstance, type UnpluginOptions } from "unplugin";
import { type Asset, Assets } from "./asset.js";
import type { NormfoldPluginOptions } from "./options.js";
import { MODEL, modelPath, QUERY } from "./request.js";
import { ServedModels } from "./vite-server.js";

export type { NormfoldPluginOptions } from "./options.js";

/** The plugin for each bundler: `normfold.vite()`, `normfold.webpack()`, ... */
export const normfold: UnpluginInstance<NormfoldPluginOptions | undefined, false> = createUnplugin(
  (options: NormfoldPluginOptions | undefined = {}): UnpluginOptions => {
    const assets = new Assets(options);
    return {
      name: "normfold",
      // Before the bundler's own rules for files.
      enforce: "pre",
      rollup: emitting(assets, (asset) => `import.meta.ROLLUP_FILE_URL_${asset}`),
      rolldown: emitting(assets, (asset) => `import.meta.ROLLUP_FILE_URL_${asset}`),
      vite: viteHooks(assets),
      webpack: ({ options: { module } }) => module.rules.unshift(rule(assets)),
      rspack: ({ options: { module } }) => module.rules.unshift(rule(assets)),
      esbuild: { setup: (build) => build.onLoad({ filter: MODEL }, (args) => loadFile(assets, args)) },
    };
  },
);

export default normfold;

/** What a bundler of Rollup's kind offers to a hook. */
interface Emitter {
  emitFile(file: { type: "asset"; name: string; source: Uint8Array }): string;
  addWatchFile(file: string): void;
  warn(message: string): void;
  resolve(source: string, importer?: string): Promise<{ readonly id: string } | null>;
}

interface EmittingHooks {
  readonly resolveId: (this: Emitter, source: string, importer: string | undefined) => Promise<string | null>;
  readonly load: (this: Emitter, id: string) => Promise<string | null>;
}

/** The hooks of Rollup and Rolldown; `address` gives the expression for the address of an asset. */
function emitting(assets: Assets, address: (asset: string) => string): EmittingHooks {
  return {
    async resolveId(source, importer) {
      // Such a file is not there under that name; others are found as they are.
      if (!source.includes("?") || modelPath(source) === undefined) return null;
      const [path = "", query] = source.split("?", 2);
      const resolved = await this.resolve(path, importer);
      return resolved === null ? null : `${resolved.id}?${query}`;
    },
    async load(id) {
      const asset = await assetOf(assets, id, this);
      if (asset === undefined) return null;
      const emitted = this.emitFile({ type: "asset", name: asset.name, source: readFileSync(asset.file) });
      return moduleOf(address(emitted));
    },
  };
}

function viteHooks(assets: Assets): NonNullable<UnpluginOptions["vite"]> {
  let served: ServedModels | undefined;
  // Vite puts the address there that its options ask for: `base`, `renderBuiltUrl`.
  const { load } = emitting(assets, (asset) => `"__VITE_ASSET__${asset}__"`);
  return {
    configureServer({ config, middlewares }) {
      served = new ServedModels(config.base);
      middlewares.use(served.answer);
    },
    async load(id) {
      if (served === undefined) return await load.call(this, id);
      const asset = await assetOf(assets, id, this);
      return asset === undefined ? null : moduleOf(JSON.stringify(served.add(asset.name, asset.file)));
    },
  };
}

async function assetOf(
  assets: Assets,
  id: string,
  context: Pick<Emitter, "addWatchFile" | "warn">,
): Promise<(Asset & { readonly name: string }) | undefined> {
  const path = modelPath(id);
  if (path === undefined || assets.excludes(path)) return undefined;
  const asset = await assets.of(path);
  for (const source of asset.sources) context.addWatchFile(source);
  for (const warning of asset.warnings) context.warn(warning);
  return { ...asset, name: basename(path) };
}

function moduleOf(address: string): string {
  return `export default ${address};`;
}

/** By its name in the package, because this module may be in any file of the bundle. */
const loaderFile = (): string => createRequire(import.meta.url).resolve("normfold/unplugin/loader");

/** webpack and Rspack have assets of their own; ours is the content. */
function rule(assets: Assets): object {
  return {
    test: (path: string) => MODEL.test(path) && !assets.excludes(path),
    resourceQuery: QUERY,
    type: "asset/resource",
    use: [{ loader: loaderFile(), options: { assets } }],
  };
}

/** esbuild copies the content to a file with a hash in its name, and gives its address. */
async function loadFile(
  assets: Assets,
  { path, suffix }: { readonly path: string; readonly suffix: string },
): Promise<
  { contents: Uint8Array; loader: "file"; watchFiles: string[]; warnings: { text: string }[] } | undefined
> {
  if (modelPath(`${path}${suffix}`) === undefined || assets.excludes(path)) return undefined;
  const { file, sources, warnings } = await assets.of(path);
  return {
    contents: readFileSync(file),
    loader: "file",
    watchFiles: [...sources],
    warnings: warnings.map((text) => ({ text })),
  };
}
