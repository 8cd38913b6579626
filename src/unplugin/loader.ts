import { readFileSync } from "node:fs";
import type { Assets } from "./asset.js";

/** What webpack and Rspack offer to a loader. */
interface LoaderContext {
  readonly resourcePath: string;
  getOptions(): { readonly assets: Assets };
  addDependency(file: string): void;
  emitWarning(warning: Error): void;
}

/** The loader by which webpack and Rspack get the content of an optimized model. */
export default async function loadOptimized(this: LoaderContext): Promise<Buffer> {
  const { file, sources, warnings } = await this.getOptions().assets.of(this.resourcePath);
  for (const source of sources) this.addDependency(source);
  for (const warning of warnings) this.emitWarning(new Error(warning));
  return readFileSync(file);
}

/** The content is bytes. */
export const raw = true;
