export { raiseOpset } from "./raise.js";
export { HIGHEST_OPSET, irVersionOf, LOWEST_OPSET, opsetRange } from "./range.js";
