import type { StandardOperator } from "../ir/operator-name.js";
import { Facet, type FacetTable } from "../rules/facet.js";
import type { OperandRules } from "../rules/operands/rule.js";
import { operands as attention } from "./attention/operands.js";
import { operands as control } from "./control/operands.js";
import { operands as convolution } from "./convolution/operands.js";
import { operands as elementwise } from "./elementwise/operands.js";
import { operands as generate } from "./generate/operands.js";
import { operands as linear } from "./linear/operands.js";
import { operands as loss } from "./loss/operands.js";
import { operands as movement } from "./movement/operands.js";
import { operands as normalization } from "./normalization/operands.js";
import { operands as pooling } from "./pooling/operands.js";
import { operands as quantization } from "./quantization/operands.js";
import { operands as recurrent } from "./recurrent/operands.js";
import { operands as reduction } from "./reduction/operands.js";
import { operands as sequence } from "./sequence/operands.js";
import { operands as shape } from "./shape/operands.js";
import { operands as signal } from "./signal/operands.js";
import { operands as text } from "./text/operands.js";
import { operands as vision } from "./vision/operands.js";

/** The rows of all families. A family left out is a type error. */
const TABLE: FacetTable<StandardOperator, OperandRules> = {
  ...attention,
  ...control,
  ...convolution,
  ...elementwise,
  ...generate,
  ...linear,
  ...loss,
  ...movement,
  ...normalization,
  ...pooling,
  ...quantization,
  ...recurrent,
  ...reduction,
  ...sequence,
  ...shape,
  ...signal,
  ...text,
  ...vision,
};

/** The values that operands may have, for each operator of the standard domain. */
export const OPERANDS: Facet<OperandRules> = new Facet(TABLE);
