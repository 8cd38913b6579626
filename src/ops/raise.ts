import type { Step } from "../rules/raise-site.js";
import * as control from "./control/raise.js";
import * as elementwise from "./elementwise/raise.js";
import * as axes from "./movement/raise.js";
import * as normalization from "./normalization/raise.js";
import * as resample from "./vision/raise.js";

/** The steps of an operator by the opset they lead to. */
type Steps = Readonly<Record<number, Step>>;

function each(opTypes: readonly string[], steps: Steps): Record<string, Steps> {
  return Object.fromEntries(opTypes.map((opType) => [opType, steps]));
}

/** The changes of HISTORY after which a node means something else, or has no meaning, as it stands. */
export const STEPS: Readonly<Record<string, Steps>> = {
  ...each(
    [
      ...["Abs", "Ceil", "Elu", "Exp", "Floor", "HardSigmoid", "InstanceNormalization", "LeakyRelu", "Log"],
      ...["Max", "Mean", "Min", "Neg", "Reciprocal", "Relu", "Sigmoid", "Sqrt", "Sum", "Tanh"],
    ],
    { 6: elementwise.dropConsumed },
  ),
  ...each(["Add", "Sub", "Mul", "Div"], { 6: elementwise.dropConsumed, 7: elementwise.binaryBroadcast }),
  ...each(["And", "Equal", "Greater", "Less", "Or", "Pow", "Xor"], { 7: elementwise.binaryBroadcast }),
  ...each(["Softmax", "LogSoftmax", "Hardmax"], { 13: elementwise.flattenAroundSoftmax }),
  ...each(
    [
      ...["ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean"],
      ...["ReduceMin", "ReduceProd", "ReduceSumSquare"],
    ],
    { 18: axes.reduceAxes },
  ),
  ...each(["GRU", "LSTM", "RNN"], { 7: control.dropOutputSequence }),
  ...each(["LpPool", "GlobalLpPool"], { 2: resample.wholePower }),
  ...each(["Squeeze", "Unsqueeze"], { 13: axes.intsToInput("axes", 1) }),
  BatchNormalization: {
    6: elementwise.dropConsumed,
    7: normalization.inferenceMode,
    9: normalization.batchNormSpatial,
    14: normalization.batchNormOutputs,
  },
  Cast: { 6: elementwise.castCode },
  Clip: { 6: elementwise.dropConsumed, 11: elementwise.clipInputs },
  Concat: { 4: axes.concatAxis },
  DFT: { 20: axes.dftAxis },
  Dropout: {
    6: elementwise.dropConsumed,
    7: normalization.inferenceMode,
    10: normalization.dropoutMask,
    12: normalization.dropoutRatio,
  },
  Erf: { 13: elementwise.erfType },
  Gemm: { 7: elementwise.gemmBroadcast },
  GridSample: { 20: resample.gridSampleMode },
  GroupNormalization: { 21: normalization.groupNormChannels },
  PRelu: { 6: elementwise.dropConsumed, 7: elementwise.preluBroadcast },
  Pad: { 2: axes.padName, 11: axes.padInputs },
  ReduceSum: { 13: axes.reduceAxes },
  Reshape: { 5: axes.reshapeInput },
  Resize: { 11: resample.resizeModes, 13: resample.resizeCoordinates },
  RoiAlign: { 16: resample.roiAlignPixels },
  Scan: { 9: control.scanOverBatch },
  Scatter: { 11: control.scatterElements },
  Selu: { 6: elementwise.seluDefaults },
  Slice: { 10: axes.sliceInputs },
  Split: { 2: axes.splitAttributes, 13: axes.intsToInput("split", 1), 18: axes.splitCount },
  Tile: { 6: axes.tileRepeats },
  TopK: { 10: axes.topKInput },
  Upsample: { 7: resample.upsampleScales, 9: resample.upsampleInput, 10: resample.upsampleToResize },
};
