import type { Graph, Value } from "../ir/graph.js";
import type { FunctionDef, Model } from "../ir/model.js";
import { typeText } from "../text/type.js";
import { operatorOf } from "./changes.js";
import type { OperatorChange, TextChange } from "./model-diff.js";

/** A text that tells functions apart. */
export function functionKey({ domain, name, overload }: FunctionDef): string {
  return [domain ?? "", name, overload ?? ""].join("::");
}

/** What a model says of itself, by the names of the fields. */
export function fieldsOf(model: Model): ReadonlyMap<string, string> {
  const producer = [model.producerName, model.producerVersion].filter(Boolean).join(" ");
  const fields: readonly (readonly [string, string | undefined])[] = [
    ["IR version", String(model.irVersion)],
    ["producer", producer],
    ["domain", model.domain],
    ["version", model.modelVersion?.toString()],
    ["doc string", model.docString],
    ["graph", model.graph.name],
    ["training_info", model.trainingInfo.length === 0 ? "" : String(model.trainingInfo.length)],
    ...model.functions.map((fn) => [`function ${functionKey(fn)}`, "defined"] as const),
  ];
  return new Map(fields.flatMap(([name, text]) => (text ? [[name, text] as const] : [])));
}

/** The versions of its operator sets, by domain. */
export function opsetsOf(model: Model): ReadonlyMap<string, string> {
  return new Map(model.opsetImports.map(({ domain, version }) => [domain || "ai.onnx", String(version)]));
}

/** Its metadata_props. */
export function metadataOf(model: Model): ReadonlyMap<string, string> {
  return new Map(model.metadata.map(({ key, value }) => [key, value]));
}

/** The declared types of inputs or outputs, by name. */
export function typesOf(values: readonly Value[], graph: Graph): ReadonlyMap<string, string> {
  return new Map(
    values.map((value) => {
      const type = (graph.outputInfo.get(value) ?? value.info)?.type;
      return [value.name, type === undefined ? "of no declared type" : typeText(type)];
    }),
  );
}

/** What has another text under a name, or stands in one of the two alone. */
export function changesByName(
  a: ReadonlyMap<string, string>,
  b: ReadonlyMap<string, string>,
): readonly TextChange[] {
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((name) => {
    const [before, after] = [a.get(name), b.get(name)];
    return before === after ? [] : [{ name, before, after }];
  });
}

/** Callers may give and take values by their place. */
export function orderChange(name: string, a: readonly Value[], b: readonly Value[]): readonly TextChange[] {
  const [first, second] = [a, b].map((values) => values.map((value) => value.name));
  if (first === undefined || second === undefined || first.length !== second.length) return [];
  if (first.join("\n") === second.join("\n")) return [];
  const isPermuted = [...first].sort().join("\n") === [...second].sort().join("\n");
  return isPermuted ? [{ name, before: first.join(", "), after: second.join(", ") }] : [];
}

/** Operators that do not occur equally often; the largest changes first. */
export function operatorChanges(a: Model, b: Model): readonly OperatorChange[] {
  const [first, second] = [countsOf(a), countsOf(b)];
  return [...new Set([...first.keys(), ...second.keys()])]
    .map((operator) => ({
      operator,
      before: first.get(operator) ?? 0,
      after: second.get(operator) ?? 0,
    }))
    .filter(({ before, after }) => before !== after)
    .sort(
      (x, y) =>
        Math.abs(y.after - y.before) - Math.abs(x.after - x.before) || (x.operator < y.operator ? -1 : 1),
    );
}

function countsOf(model: Model): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const node of model.nodes()) counts.set(operatorOf(node), (counts.get(operatorOf(node)) ?? 0) + 1);
  return counts;
}

/** The inputs that a caller gives: before IR version 4 every constant had to be listed as one. */
export function callersInputs({ graph, irVersion }: Model): readonly Value[] {
  return graph.inputs.filter(
    (value) => irVersion >= 4 || (value.tensor === undefined && value.sparse === undefined),
  );
}
