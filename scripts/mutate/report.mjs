// What became of each guard, as text and as a file.
//
//   caught      a test fails without it                 types      the sources do not compile without it
//   hung        a test does not end without it          survived   tests make its condition true, and pass without it
//   crashed     the process ends without it             unreached  no test makes its condition true
import { writeFileSync } from "node:fs";

const HELD = ["caught", "hung", "crashed", "types"];
const STATES = [...HELD, "survived", "unreached"];

/** Prints the report, writes it to a file, and gives the exit code: 1 where a guard is not held. */
export function report(guards, journal, typed, path) {
  const rows = guards.map((guard) => {
    const { file, line, within, text, exit, parent } = guard;
    const { by, how } = journal.caughtBy(guard) ?? {};
    const { reach, tried } = journal.reachOf(guard);
    const state = how ?? (typed.has(guard.id) ? "types" : reach === 0 ? "unreached" : "survived");
    return { state, file, line, within, text, exit, isOperand: parent !== undefined, by, reach, tried };
  });
  writeFileSync(path, `${JSON.stringify(rows, undefined, 1)}\n`);
  const whole = rows.filter(({ isOperand }) => !isOperand);
  for (const row of whole.filter(({ state }) => state !== "caught" && state !== "types"))
    console.log(lineOf(row));
  const folders = new Map();
  for (const row of rows) {
    const folder = row.file
      .split("/")
      .slice(0, row.file.startsWith("src/") ? 2 : 1)
      .join("/");
    folders.set(folder, [...(folders.get(folder) ?? []), row]);
  }
  console.log(
    `\n${"".padEnd(14)}${["guards", ...STATES, "held", "operands held"].map((head) => head.padStart(11)).join("")}`,
  );
  for (const [folder, own] of [...folders, ["all", rows]]) console.log(summaryOf(folder, own));
  return whole.every(({ state }) => HELD.includes(state)) ? 0 : 1;
}

function lineOf({ state, file, line, within, text, exit, by, reach, tried }) {
  const why =
    by ??
    (reach === 0
      ? "its condition is true in no test"
      : `tried in ${tried} of ${reach} tests that make it true`);
  return `${file}:${line} ${within}: if (${text}) ${exit}\n    ${state}: ${why}`;
}

function summaryOf(folder, rows) {
  const whole = rows.filter(({ isOperand }) => !isOperand);
  const counts = STATES.map((state) => whole.filter((row) => row.state === state).length);
  const cells = [whole.length, ...counts, share(whole), share(rows.filter(({ isOperand }) => isOperand))];
  return folder.padEnd(14) + cells.map((cell) => String(cell).padStart(11)).join("");
}

function share(rows) {
  if (rows.length === 0) return "-";
  return `${((100 * rows.filter(({ state }) => HELD.includes(state)).length) / rows.length).toFixed(1)} %`;
}
