import { FOREIGN_COMMANDS, FOREIGN_FLAGS, type ForeignFlag } from "../options/coming-from.js";
import { errors } from "./errors.js";

/**
 * The words of a command line with the flags of other programs as ours. `known` are the flags that the command has. Throws
 * "usage" for a flag of another program that means something else, with what is ours.
 */
export function inOurWords(
  command: string,
  argv: readonly string[],
  known: ReadonlySet<string>,
): readonly string[] {
  const words: string[] = [];
  let shapes: string | undefined;
  for (const [index, word] of argv.entries()) {
    if (word === "--") return [...words, ...argv.slice(index)];
    const [flag = "", ...values] = word.split("=");
    if (!flag.startsWith("--")) {
      // onnxsim, OnnxSlim and Polygraphy take several shapes behind one flag.
      const isNext = shapes !== undefined && isShape(word) && isShape(words.at(-1) ?? "");
      words.push(
        ...(isNext && shapes !== undefined ? [shapes] : []),
        shapes === undefined ? word : plainShape(word),
      );
      if (!isShape(word)) shapes = undefined;
      continue;
    }
    const ours = known.has(flag) ? flag : ourFlag(command, flag);
    shapes = ours !== undefined && SHAPES.has(ours) ? ours : undefined;
    if (ours !== undefined)
      words.push([ours, ...values.map(shapes === undefined ? same : plainShape)].join("="));
  }
  return words;
}

const SHAPES: ReadonlySet<string> = new Set(["--overwrite-input-shape", "--input-shape"]);

function same(word: string): string {
  return word;
}

/** "x:1,3" or Polygraphy's "x:[1,3]" */
function isShape(word: string): boolean {
  return /.:\[?\d+(?:[,x]\d+)*\]?$/.test(word);
}

function plainShape(word: string): string {
  return isShape(word) ? word.replace(/\[([\d,x]+)\]$/, "$1") : word;
}

/** Our flag in the place of another program's; undefined where it changes nothing. Unknown ones stay, for commander to refuse. */
function ourFlag(command: string, flag: string): string | undefined {
  const row = foreignFlag(command, flag);
  if (row === undefined || row.kind === "same") return flag;
  if (row.kind === "answer") throw errors.flagIsAnothers(flag, row.tool, row.text);
  return row.ours;
}

function foreignFlag(command: string, flag: string): ForeignFlag | undefined {
  return FOREIGN_FLAGS.find((row) => row.command === command && row.flag === flag);
}

/** What is ours where a command is another program's. */
export function foreignCommand(name: string): readonly [tool: string, ours: string] | undefined {
  return Object.hasOwn(FOREIGN_COMMANDS, name) ? FOREIGN_COMMANDS[name] : undefined;
}
