// Differences that are meant, from a file: {"model": glob, "what": glob, "reason": sentence}.

/** Throws for anything but a list of such entries: one that is misspelt would hide nothing, or everything. */
export function readExpectations(text) {
  const entries = JSON.parse(text);
  const isEntry = (entry) => ["model", "what", "reason"].every((field) => typeof entry?.[field] === "string");
  if (!Array.isArray(entries) || !entries.every(isEntry)) {
    throw new Error('expectations are a JSON list of {"model", "what", "reason"}');
  }
  return entries;
}

/** The differences with the reason where one is expected, and the expectations that none fits. */
export function applyExpectations(differences, expectations) {
  const tests = expectations.map((entry) => ({
    entry,
    model: patternOf(entry.model),
    what: patternOf(entry.what),
  }));
  const used = new Set();
  const marked = differences.map((difference) => {
    const fitting = tests.find(
      ({ model, what }) => model.test(difference.model) && what.test(difference.what),
    );
    if (fitting === undefined) return difference;
    used.add(fitting.entry);
    return { ...difference, expected: fitting.entry.reason };
  });
  return { differences: marked, unused: expectations.filter((entry) => !used.has(entry)) };
}

/** A glob with * for any text, slashes included. */
function patternOf(glob) {
  const parts = glob.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}
