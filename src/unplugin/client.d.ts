// Types for `import url from "./model.onnx"` under the plugin: add "normfold/client" to `types` in tsconfig.json, or a line
// `/// <reference types="normfold/client" />`.

declare module "*.onnx" {
  /** The address of the optimized model. */
  const address: string;
  export default address;
}

declare module "*.onnx?url" {
  /** The address of the optimized model. */
  const address: string;
  export default address;
}
