// The output on the terminal, within 80 columns where names and sentences allow it.

export function printResult({ differences, unused, wording, settings, models, seconds }) {
  printDifferences(differences);
  for (const { model, what } of unused) console.log(`unused    expectation of "${what}" for ${model}`);
  printWording(wording);
  printTable(settings);
  console.log(
    `\n${models} models; before ${seconds.before.toFixed(0)} s, after ${seconds.after.toFixed(0)} s` +
      `\n${verdictOf(differences, wording)}`,
  );
}

/** One paragraph for each kind, with one of its models. */
function printDifferences(differences) {
  for (const group of groupsOf(differences)) {
    const [{ what, expected, model, detail }] = group;
    const models = new Set(group.map((difference) => difference.model)).size;
    console.log(`${expected === undefined ? "DIFFERENT" : "expected "} ${what}, ${counted(models, "model")}`);
    if (expected !== undefined) console.log(`          ${expected}`);
    console.log(`          ${model}: ${shortened(detail)}`);
  }
}

function groupsOf(differences) {
  const groups = new Map();
  for (const difference of differences) {
    const key = JSON.stringify([difference.what, difference.expected]);
    groups.set(key, [...(groups.get(key) ?? []), difference]);
  }
  return groups.values();
}

function printWording(wording) {
  const sorted = wording.toSorted((a, b) => a.field.localeCompare(b.field) || b.count - a.count);
  for (const { field, before, after, count, model } of sorted) {
    console.log(`wording   ${field}, ${counted(count, "time")}, first in ${model}`);
    console.log(`        - ${before}\n        + ${after}`);
  }
}

function printTable(settings) {
  const head = ["setting", "models", "errors", "unfinished", "expected", "differ"];
  const rows = settings.map((row) => head.map((column) => String(row[column])));
  const widths = head.map((column, i) => Math.max(column.length, ...rows.map((row) => row[i].length)));
  const line = ([first, ...rest]) =>
    [first.padEnd(widths[0]), ...rest.map((cell, i) => cell.padStart(widths[i + 1]))].join("  ");
  console.log(`\n${[head, ...rows].map(line).join("\n")}`);
}

function verdictOf(differences, wording) {
  const different = differences.filter(({ expected }) => expected === undefined).length;
  return [
    counted(different, "difference"),
    `${differences.length - different} expected`,
    counted(wording.length, "change", "changes of wording").replace(/change$/, "change of wording"),
  ].join(", ");
}

function counted(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

const DETAIL_WIDTH = 200;

function shortened(text) {
  return text.length <= DETAIL_WIDTH ? text : `${text.slice(0, DETAIL_WIDTH)}…`;
}
