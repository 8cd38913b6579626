import { HEADS } from "../options/heads.js";
import { type Cell, table } from "../report/layout.js";
import type { Style } from "../report/style.js";

/** The text of `normfold --help` above the exit codes: a line for each command, by what people do with it. */
export function commandList(description: string, { bold, cyan, dim }: Style): string {
  let group = "";
  const rows = Object.values(HEADS).map((head): Cell[] => {
    const title = head.group === group ? "" : head.group;
    group = head.group;
    return [{ text: title, paint: bold }, { text: head.name, paint: cyan }, head.summary];
  });
  return [
    `${bold("Usage:")} ${bold("normfold")} <command> [options]`,
    "",
    description,
    "",
    ...table([{}, {}, {}], rows, 0),
    "",
    `"normfold help <command>" prints its options ${dim("(-h)")}; -v, --version the version.`,
  ].join("\n");
}
