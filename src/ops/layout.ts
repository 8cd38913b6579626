import type { StandardOperator } from "../ir/operator-name.js";
import { Facet, type FacetTable } from "../rules/facet.js";
import type { LayoutFacet } from "../rules/layout/facet.js";
import { layout as attention } from "./attention/gaps.js";
import { layout as control } from "./control/gaps.js";
import { layout as convolution } from "./convolution/layout.js";
import { layout as elementwise } from "./elementwise/layout.js";
import { layout as generate } from "./generate/layout.js";
import { layout as linear } from "./linear/layout.js";
import { layout as loss } from "./loss/gaps.js";
import { layout as movement } from "./movement/layout.js";
import { layout as normalization } from "./normalization/layout.js";
import { layout as pooling } from "./pooling/layout.js";
import { layout as quantization } from "./quantization/layout.js";
import { layout as recurrent } from "./recurrent/gaps.js";
import { layout as reduction } from "./reduction/layout.js";
import { layout as sequence } from "./sequence/gaps.js";
import { layout as shape } from "./shape/layout.js";
import { layout as signal } from "./signal/gaps.js";
import { layout as text } from "./text/gaps.js";
import { layout as vision } from "./vision/layout.js";

/** The rows of all families. A family left out is a type error. */
const TABLE: FacetTable<StandardOperator, LayoutFacet> = {
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

/** How each operator of the standard domain works on data in another order of axes; an operator without a rule cannot. */
export const LAYOUT: Facet<LayoutFacet> = new Facet(TABLE);
