import { defined } from "../base/optional.js";
import { errors } from "./errors.js";
import type { Model } from "./model.js";
import {
  findBadAttributes,
  findBadTensors,
  findMissingImports,
  findStaleDeclarations,
  findTooNew,
  findUntyped,
} from "./verify-contents.js";
import { findForeign, findWrongUses } from "./verify-links.js";
import { findClashes, findUndefined } from "./verify-names.js";
import { type Finding, type Survey, surveyModel } from "./verify-survey.js";

/** A rule that a model breaks. */
export interface Violation {
  /** The group of rules. */
  readonly check: CheckName;
  /** What is wrong, as a clause without the place. */
  readonly message: string;
  /** The graph element that breaks the rule: `Conv "c"`, `the graph`. */
  readonly where: string;
}

/** The groups of rules that `verify` checks. */
export type CheckName =
  | "node-list"
  | "ownership"
  | "uses"
  | "names"
  | "order"
  | "opsets"
  | "attributes"
  | "tensors"
  | "interface"
  | "declarations"
  | "ir-version";

interface Check {
  readonly name: CheckName;
  readonly find: (survey: Survey) => Iterable<Finding>;
}

/** The checks in the order they run. Each is linear in the size of the model and reads no tensor data. */
const CHECKS: readonly Check[] = [
  { name: "ownership", find: findForeign },
  { name: "uses", find: findWrongUses },
  { name: "names", find: findClashes },
  { name: "order", find: findUndefined },
  { name: "opsets", find: findMissingImports },
  { name: "attributes", find: findBadAttributes },
  { name: "tensors", find: findBadTensors },
  { name: "interface", find: findUntyped },
  { name: "declarations", find: findStaleDeclarations },
  { name: "ir-version", find: findTooNew },
];

/**
 * The rules of the ONNX specification and of this IR that a model breaks; none for a sound model. Reads no tensor data. Where
 * a node list itself is broken ("node-list"), nothing else is checked.
 */
export function verify(model: Model): readonly Violation[] {
  const broken: Violation[] = [];
  const survey = surveyModel(model, ({ message, where }) =>
    broken.push({ check: "node-list", message, where }),
  );
  if (broken.length > 0) return broken;
  return CHECKS.flatMap(({ name, find }) =>
    Array.from(find(survey), ({ message, where }) => ({ check: name, message, where })),
  );
}

/**
 * Throws NormfoldError "invalid" with the first rule that the model breaks. `file` is for the message. Declarations that
 * contradict a constant are let pass, as runtimes do.
 */
export function assertValid(model: Model, file?: string): void {
  const violations = verify(model).filter(({ check }) => check !== "declarations");
  const [first] = violations;
  if (first === undefined) return;
  const error = errors.modelBreaksSpecification(first.message, violations.length - 1);
  throw error.at(defined({ file, element: first.where }));
}
