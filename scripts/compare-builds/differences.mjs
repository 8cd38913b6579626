// Two results of the same job side by side. A difference of behaviour is kept with its model; sentences and names of
// passes, which may change without a change of behaviour, are kept as pairs of old and new.

/** Fields that hold a sentence for people, or the name of a pass. */
const SENTENCES = new Set(["summary", "reason", "message", "change", "biasKept"]);
const PASS = "pass";

export class Comparison {
  #differences = [];
  #wording = new Wording();
  #settings = new Map();

  add({ setting, name: model }, before, after) {
    const { differences, wording } = compareResults(before, after);
    for (const { kind, detail } of differences) {
      this.#differences.push({ model, what: `${setting}: ${kind}`, setting, detail });
    }
    for (const pair of wording) this.#wording.add(pair, model);
    const counts = this.#settings.get(setting) ?? { models: 0, errors: 0, unfinished: 0 };
    this.#settings.set(setting, counts);
    counts.models += 1;
    // A comparison says the more, the more models were done without an error.
    if (before.outcome === "error") counts.errors += 1;
    else if (before.outcome !== "done") counts.unfinished += 1;
  }

  differences() {
    return [...this.#differences, ...this.#wording.splitPasses()];
  }

  wording() {
    return this.#wording.changes();
  }

  /** For each setting, on how many models it differs. */
  settings(differences) {
    return [...this.#settings].map(([setting, counts]) => {
      const ofSetting = differences.filter((difference) => difference.setting === setting);
      const isExpected = ({ expected }) => expected !== undefined;
      return {
        setting,
        ...counts,
        differ: modelsOf(ofSetting.filter((difference) => !isExpected(difference))),
        expected: modelsOf(ofSetting.filter(isExpected)),
      };
    });
  }
}

function modelsOf(differences) {
  return new Set(differences.map(({ model }) => model)).size;
}

function compareResults(before, after) {
  const [old, current] = [outcomeOf(before), outcomeOf(after)];
  if (old !== current) {
    return { differences: [{ kind: "outcome", detail: `${old} -> ${current}` }], wording: [] };
  }
  if (before.outcome === "error")
    return compareSentences("message", before.error.message, after.error.message);
  if (before.outcome !== "done") return { differences: [], wording: [] };
  const { differences, wording } = compareValues(before.report, after.report, "report");
  if (before.bytes.sha256 === after.bytes.sha256) return { differences, wording };
  const bytes = { kind: "bytes", detail: `${before.bytes.length} -> ${after.bytes.length} bytes` };
  return { differences: [bytes, ...differences], wording };
}

/** Errors are compared by code, or by class if they have none. */
function outcomeOf({ outcome, error }) {
  return error === undefined ? outcome : `error ${error.code ?? error.name}`;
}

/** Compares plain data. Fields that only the new report has are ignored, because a report may say more than before. */
function compareValues(before, after, path) {
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(before, after, path);
  if (!isRecord(before) || !isRecord(after)) {
    const same = before === after;
    return { differences: same ? [] : [differenceOf(path, before, after)], wording: [] };
  }
  return joined(
    Object.entries(before).map(([field, old]) => {
      const current = after[field];
      const at = `${path}.${field}`;
      const areTexts = typeof old === "string" && typeof current === "string";
      if (areTexts && field === PASS)
        return { differences: [], wording: [{ field, before: old, after: current }] };
      if (areTexts && SENTENCES.has(field)) return compareSentences(at, old, current);
      return compareValues(old, current, at);
    }),
  );
}

function compareLists(before, after, path) {
  const fields = structureOf(before);
  const [old, current] = [before, after].map((list) => list.map((entry) => JSON.stringify(entry, fields)));
  if (old.length !== current.length) {
    const extra = firstExtra(old, current) ?? firstExtra(current, old);
    const detail = `${old.length} -> ${current.length} entries, only in one: ${extra}`;
    return { differences: [{ kind: path, detail }], wording: [] };
  }
  const haveMoved = old.some((entry, i) => entry !== current[i]) && firstExtra(old, current) === undefined;
  if (haveMoved)
    return { differences: [{ kind: `${path}, order`, detail: "the same entries" }], wording: [] };
  const entries = before.map((entry, i) => {
    const found = compareValues(entry, after[i], `${path}[]`);
    // Sentences about other things are no rewording of each other.
    return found.differences.length === 0 ? found : { differences: found.differences, wording: [] };
  });
  return joined(entries);
}

/** The fields that identify the entries of a list: all fields of the old entries except wording. */
function structureOf(entries) {
  const fields = new Set();
  for (const entry of entries) addFields(entry, fields);
  return [...fields];
}

function addFields(value, fields) {
  if (typeof value !== "object" || value === null) return;
  for (const [field, inner] of Object.entries(value)) {
    // Not the places in a list: thousands of names would be looked up in every entry.
    if (!Array.isArray(value) && field !== PASS && !SENTENCES.has(field)) fields.add(field);
    addFields(inner, fields);
  }
}

/** The first entry that `others` has no counterpart of. */
function firstExtra(entries, others) {
  const left = new Map();
  for (const other of others) left.set(other, (left.get(other) ?? 0) + 1);
  return entries.find((entry) => {
    const count = left.get(entry) ?? 0;
    left.set(entry, count - 1);
    return count === 0;
  });
}

/** The same sentence with other names or numbers in it is not reworded: it says something else. */
function compareSentences(path, before, after) {
  if (before === after) return { differences: [], wording: [] };
  const [old, current] = [templateOf(before), templateOf(after)];
  if (old === current) return { differences: [differenceOf(path, before, after)], wording: [] };
  const field = path.slice(path.lastIndexOf(".") + 1);
  return { differences: [], wording: [{ field, before, after, template: [old, current] }] };
}

/** A sentence without the names, types, operators and numbers of its model. */
function templateOf(sentence) {
  return sentence
    .replace(/"[^"]*"/g, '"…"')
    .replace(/\b(u?int|b?float)\d\w*/g, "type")
    .replace(/\b[A-Z]\w*/g, "Operator")
    .replace(/\d+(\.\d+)?(e[-+]?\d+)?/g, "0");
}

/** Old and new texts, those that say the same of other models once. */
class Wording {
  #pairs = new Map();

  add({ field, before, after, template = [before, after] }, model) {
    const key = JSON.stringify([field, ...template]);
    const known = this.#pairs.get(key) ?? { field, before, after, count: 0, model };
    known.count += 1;
    this.#pairs.set(key, known);
  }

  changes() {
    return [...this.#pairs.values()].filter(({ before, after }) => before !== after);
  }

  /** A pass with one new name is renamed; with two, some of its work is another pass's now, which --skip would show. */
  splitPasses() {
    const passes = [...this.#pairs.values()].filter(({ field }) => field === PASS);
    return [...new Set(passes.map(({ before }) => before))].flatMap((name) => {
      const successors = passes.filter(({ before }) => before === name);
      if (successors.length === 1) return [];
      const detail = `${name} -> ${successors.map(({ after }) => after).join(" and ")}`;
      return [{ model: successors[1].model, what: "passes: split", setting: "passes", detail }];
    });
  }
}

function joined(found) {
  return {
    differences: found.flatMap(({ differences }) => differences),
    wording: found.flatMap(({ wording }) => wording),
  };
}

function differenceOf(kind, before, after) {
  return { kind, detail: `${show(before)} -> ${show(after)}` };
}

function show(value) {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function isRecord(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
