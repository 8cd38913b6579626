// Finds the guards of a source file: where a function leaves early because something does not hold.
//
//   if (...) return;                     if (...) return refusals.weightIsNotFloat(dtype);
//   if (...) return undefined;           if (...) throw errors.fieldIsCut();
//   if (...) return false;               return found === undefined ? refusals.axisIsUnknown() : found;
//
// Each is taken out alone. Where its condition is a disjunction, so is each operand, as a guard of its own with a `parent`.
import { parseAst } from "vitest/node";

/** Functions that make a refusal, beside those of the catalogues. */
const REFUSING = new Set(["refuse", "refusedAt"]);
const CATALOGUE_MODULE = /\/refusals\.js$/;

/**
 * The guards of a file, in their order.
 *
 * @param {string} text the source
 * @returns {readonly {start: number, end: number, line: number, raw: string, text: string,
 *   within: string, from: number, to: number, exit: string, inverted: boolean, parent?: number}[]} the condition and where it stands; the function around it and its lines;
 *   how it leaves; `inverted`: taking the guard out means that it is always true; `parent`: the index of the guard whose operand
 *   it is
 */
export function guardsOf(text) {
  const program = parseAst(text, { lang: "ts" });
  const names = refusingNames(program, text);
  const guards = [];
  const add = (guard, condition) => {
    guards.push({ ...guard, ...at(text, condition) });
    const parent = guards.length - 1;
    for (const operand of operandsOf(condition)) guards.push({ ...guard, ...at(text, operand), parent });
  };
  walk(program, { name: "", start: 0, end: text.length }, (node, { name: within, ...range }) => {
    const around = { within, from: lineOf(text, range.start), to: lineOf(text, range.end) };
    if (node.type === "IfStatement" && node.alternate === null) {
      const exit = exitOf(node.consequent, node.test, names, text);
      if (exit !== undefined) add({ ...around, exit, inverted: false }, node.test);
    }
    if (node.type === "ConditionalExpression") {
      if (isRefusing(node.consequent, names))
        add({ ...around, exit: sourceOf(text, node.consequent), inverted: false }, node.test);
      else if (isRefusing(node.alternate, names))
        guards.push({
          ...around,
          exit: sourceOf(text, node.alternate),
          inverted: true,
          ...at(text, node.test),
        });
    }
  });
  return guards;
}

/** The text with each guard handed to `__guard(id, condition)`; ids are `first`, `first + 1`, ... in the order of guardsOf. */
export function instrument(text, guards, first) {
  const marks = guards.flatMap(({ start, end, inverted }, index) => [
    { at: start, size: end - start, text: `__guard(${first + index}, (` },
    { at: end, size: start - end, text: `), ${inverted})` },
  ]);
  // At one place, what encloses more opens first and closes last.
  marks.sort((a, b) => a.at - b.at || closing(a) - closing(b) || b.size - a.size);
  let result = "";
  let done = 0;
  for (const mark of marks) {
    result += text.slice(done, mark.at) + mark.text;
    done = mark.at;
  }
  return result + text.slice(done);
}

function closing({ size }) {
  return size < 0 ? 0 : 1;
}

/** The catalogues and functions of a file that give refusals. */
function refusingNames(program, text) {
  const catalogues = new Set();
  const functions = new Set(REFUSING);
  for (const statement of program.body) {
    const declared = statement.declaration ?? statement;
    if (statement.type === "ImportDeclaration" && CATALOGUE_MODULE.test(statement.source.value)) {
      for (const { local } of statement.specifiers) catalogues.add(local.name);
    }
    if (declared?.type === "VariableDeclaration") {
      for (const { id, init } of declared.declarations)
        if (init?.type === "CallExpression" && init.callee.name === "refusalCatalogue")
          catalogues.add(id.name);
    }
    if (declared?.type === "FunctionDeclaration" && declared.returnType) {
      if (sourceOf(text, declared.returnType.typeAnnotation) === "Refusal") functions.add(declared.id.name);
    }
  }
  return { catalogues, functions };
}

function isRefusing(node, { catalogues, functions }) {
  if (node?.type !== "CallExpression") return false;
  const { callee } = node;
  if (callee.type === "Identifier") return functions.has(callee.name);
  if (callee.type !== "MemberExpression") return false;
  return callee.property.name === "reject" || catalogues.has(callee.object.name);
}

/** How the only statement behind a condition leaves the function; undefined where it does not, or gives a result. */
function exitOf(body, test, names, text) {
  const only = body.type === "BlockStatement" ? (body.body.length === 1 ? body.body[0] : undefined) : body;
  if (only?.type === "ThrowStatement") return sourceOf(text, only);
  if (only?.type !== "ReturnStatement") return undefined;
  const { argument } = only;
  const isNothing =
    argument === null ||
    (argument.type === "Identifier" && argument.name === "undefined") ||
    (argument.type === "Literal" && argument.value === false) ||
    isRefusing(argument, names) ||
    (argument.type === "Identifier" && handsOn(test, argument.name));
  return isNothing ? sourceOf(text, only) : undefined;
}

/** Whether a condition asks if a name is a refusal: `if (isRefusal(found)) return found`. */
function handsOn(test, name) {
  return (
    test.type === "CallExpression" &&
    test.callee.name === "isRefusal" &&
    test.arguments[0]?.type === "Identifier" &&
    test.arguments[0].name === name
  );
}

/** The operands of a disjunction, none for another expression. */
function operandsOf(condition) {
  if (condition.type === "ParenthesizedExpression") return operandsOf(condition.expression);
  if (condition.type !== "LogicalExpression" || condition.operator !== "||") return [];
  return [condition.left, condition.right].flatMap((side) => {
    const nested = operandsOf(side);
    return nested.length === 0 ? [side] : nested;
  });
}

function walk(node, within, visit) {
  if (Array.isArray(node)) {
    for (const each of node) walk(each, within, visit);
    return;
  }
  if (typeof node !== "object" || node === null || typeof node.type !== "string") return;
  visit(node, within);
  const name = nameOf(node);
  const inner = name === undefined ? within : { name, start: node.start, end: node.end };
  for (const value of Object.values(node)) if (typeof value === "object") walk(value, inner, visit);
}

/** The name that a node gives to the function in it. */
function nameOf(node) {
  if (node.type === "FunctionDeclaration") return node.id?.name;
  if (node.type === "MethodDefinition" || node.type === "Property") return node.key.name;
  if (node.type === "VariableDeclarator" && node.init?.type === "ArrowFunctionExpression")
    return node.id.name;
  return undefined;
}

function at(text, { start, end }) {
  return {
    start,
    end,
    line: lineOf(text, start),
    raw: text.slice(start, end),
    text: sourceOf(text, { start, end }),
  };
}

function lineOf(text, position) {
  return text.slice(0, position).split("\n").length;
}

function sourceOf(text, { start, end }) {
  return text.slice(start, end).replaceAll(/\s+/g, " ");
}
