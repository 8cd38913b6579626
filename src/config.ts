/** normfold's door for configurations: it loads nothing but itself. */

export {
  type ConfigExport,
  type ConfigOptions,
  type ConfigOverride,
  defineConfig,
  type NormfoldConfig,
  type Plugin,
  type PluginEntry,
} from "./config/config.js";
export { PRESETS, type Preset, type PresetName } from "./config/presets.js";
