export { STEPS } from "../ops/raise.js";
export { HISTORY } from "./history.js";
export { raiseOpset } from "./raise.js";
export { HIGHEST_OPSET, irVersionOf, LOWEST_OPSET, opsetRange } from "./range.js";
