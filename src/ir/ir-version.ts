import type { Model } from "./model.js";

/** The first IR version at which an initializer need not be an input too. */
const FREE_INITIALIZERS = 4;

/**
 * Raises the IR version; it is never lowered. Before IR version 4 an initializer that is also an input is constant. From
 * then on it would be a default, so it stops being an input.
 */
export function raiseIrVersion(model: Model, irVersion: number): void {
  if (model.irVersion >= irVersion) return;
  model.irVersion = irVersion;
  if (model.graph.scope.initializersAreDefaults || irVersion < FREE_INITIALIZERS) return;
  for (const input of model.graph.inputs) if (input.tensor !== undefined) model.graph.freezeInput(input);
  for (const graph of model.graphs()) graph.scope.initializersAreDefaults = true;
}

/**
 * Keeps the inputs of a changed model what they were: where it has got constants that are no inputs, which the model's
 * IR version does not know, the version is raised to 4, and true is given. A loop's body could not even take them as inputs.
 */
export function keepInputs(model: Model): boolean {
  if (model.irVersion >= FREE_INITIALIZERS) return false;
  for (const graph of model.graphs()) {
    for (const value of graph.initializers) {
      if (graph.hasInput(value)) continue;
      raiseIrVersion(model, FREE_INITIALIZERS);
      return true;
    }
  }
  return false;
}

/** The IR version of a changed copy, where it is another than the model's. */
export function raisedFrom(model: Model, copy: Model): number | undefined {
  return copy.irVersion === model.irVersion ? undefined : copy.irVersion;
}
