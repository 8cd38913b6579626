import type { StandardOperator } from "../ir/operator-name.js";
import { Facet, type FacetTable } from "../rules/facet.js";
import type { ReferenceRule } from "../rules/reference/rule.js";
import { reference as attention } from "./attention/gaps.js";
import { reference as control } from "./control/reference.js";
import { reference as convolution } from "./convolution/reference.js";
import { reference as elementwise } from "./elementwise/reference.js";
import { reference as generate } from "./generate/reference.js";
import { reference as linear } from "./linear/reference.js";
import { reference as loss } from "./loss/reference.js";
import { reference as movement } from "./movement/reference.js";
import { reference as normalization } from "./normalization/reference.js";
import { reference as pooling } from "./pooling/reference.js";
import { reference as quantization } from "./quantization/reference.js";
import { reference as recurrent } from "./recurrent/reference.js";
import { reference as reduction } from "./reduction/reference.js";
import { reference as sequence } from "./sequence/gaps.js";
import { reference as shape } from "./shape/reference.js";
import { reference as signal } from "./signal/gaps.js";
import { reference as text } from "./text/gaps.js";
import { reference as vision } from "./vision/reference.js";

/** The rows of all families. A family left out is a type error. */
const TABLE: FacetTable<StandardOperator, ReferenceRule> = {
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

/** The float64 reference of each operator of the standard domain. */
export const REFERENCE: Facet<ReferenceRule> = new Facet(TABLE);
