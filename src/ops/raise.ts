import type { RaiseStep, RaiseTable } from "../rules/raise/context.js";
import type { Declared } from "./catalogue.js";
import { raise as control } from "./control/raise.js";
import { raise as elementwise } from "./elementwise/raise.js";
import { raise as generate } from "./generate/raise.js";
import { raise as linear } from "./linear/raise.js";
import { raise as movement } from "./movement/raise.js";
import { raise as normalization } from "./normalization/raise.js";
import { raise as pooling } from "./pooling/raise.js";
import { raise as recurrent } from "./recurrent/raise.js";
import { raise as reduction } from "./reduction/raise.js";
import { raise as shape } from "./shape/raise.js";
import { raise as signal } from "./signal/raise.js";
import { raise as vision } from "./vision/raise.js";

/** The steps of all families. Leaving out a family that declares breaking versions is a type error. */
const TABLE: RaiseTable<Declared> = {
  ...control,
  ...elementwise,
  ...generate,
  ...linear,
  ...movement,
  ...normalization,
  ...pooling,
  ...recurrent,
  ...reduction,
  ...shape,
  ...signal,
  ...vision,
};

/** The steps of each operator with breaking changes, by the opset they lead to. */
export const RAISE: Readonly<Record<string, Readonly<Record<number, RaiseStep>>>> = TABLE;
