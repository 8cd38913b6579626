import { describe, expect, test } from "vitest";
import { elide, elidePair, paragraph, shown, table, textWidth, WIDTH } from "../../src/report/layout.js";

describe("table", () => {
  test("aligns columns and leaves no spaces at line ends", () => {
    const rows = [
      ["a", "1"],
      ["long name", "100"],
      ["b", ""],
    ];
    expect(table([{}, { align: "right" }], rows)).toEqual(["  a            1", "  long name  100", "  b"]);
  });

  test("elastic columns give way, the widest first", () => {
    const rows = [["n".repeat(70), "t".repeat(40), "1.2 MB"]];
    const [line = ""] = table([{ elastic: true }, { elastic: true }, { align: "right" }], rows);
    expect(textWidth(line)).toBe(WIDTH);
    expect(line).toMatch(/ {2}n+\.\.\.n+ {2}t+\.\.\.t+ {2}1\.2 MB$/);
  });

  test("marks do not count as width", () => {
    const paint = (text: string): string => `<b>${text}</b>`;
    expect(table([{}, {}], [[{ text: "ab", paint }, "c"]])).toEqual(["  <b>ab</b>  c"]);
  });

  test("wide characters count twice", () => {
    expect(textWidth("層1")).toBe(3);
    expect(textWidth("e\u0301")).toBe(1);
    expect(
      table(
        [{}, {}],
        [
          ["層", "x"],
          ["abc", "y"],
        ],
      ),
    ).toEqual(["  層   x", "  abc  y"]);
  });
});

describe("paragraph", () => {
  test("breaks between words, and elides a word that is wider than a line", () => {
    const name = `"/model/${"block/".repeat(15)}conv":`;
    const lines = paragraph(`word ${name} ${"more ".repeat(20)}`.trim(), 2, 6);
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(WIDTH);
    expect(lines[0]).toBe("  word");
    expect(lines.slice(1).every((line) => line.startsWith("      "))).toBe(true);
    expect(lines[1]).toMatch(/^ {6}"\/model\/block\/block\/.*\.\.\..*\/block\/conv":$/);
    expect(textWidth(lines[1] ?? "")).toBe(WIDTH);
    expect(lines.slice(2).join("").replace(/ /g, "")).toBe("more".repeat(20));
  });

  test("leaves a name in one piece that just fits into a line", () => {
    const name = "n".repeat(WIDTH - 6);
    expect(paragraph(`Conv ${name} left`, 4, 6)).toEqual(["    Conv", `      ${name}`, "      left"]);
  });
});

test("elide keeps both ends, and a pair shares its room", () => {
  expect(elide("short", 10)).toBe("short");
  expect(elide("/models/resnet/model.onnx", 16)).toBe("/model...el.onnx");
  expect(elidePair("a".repeat(90), "out.onnx", 76).map(textWidth)).toEqual([68, 8]);
  expect(elidePair("a".repeat(90), "b".repeat(90), 76).map(textWidth)).toEqual([38, 38]);
});

test("what a terminal would obey in a stranger's names is escaped, in every form of text", () => {
  const evil = "a\u001b[2Jb\nc\u202ed";
  const seen = "a\\u001b[2Jb\\nc\\u202ed";
  expect(shown(evil, 80)).toBe(seen);
  expect(paragraph(evil)).toEqual([`  ${seen}`]);
  expect(table([{}, { align: "right" }], [[evil, evil]])).toEqual([`  ${seen}  ${seen}`]);
  expect(elidePair(evil, evil, 80)).toEqual([seen, seen]);
});

test("a paragraph marks its words, and their marks take no room", () => {
  const bold = (text: string): string => `\u001b[1m${text}\u001b[22m`;
  const [line] = paragraph([{ text: "a b", paint: bold }, "c".repeat(70)]);
  expect(line).toBe(`  ${bold("a")} ${bold("b")} ${"c".repeat(70)}`);
});

test("names of a million characters take milliseconds, and little room", () => {
  const long = ["n", "\u6f22", "a ", "\u001b", "\u0301", "\u{1f600}"].map((part) => part.repeat(1_000_000));
  const started = performance.now();
  for (const name of long) {
    for (const line of table([{ elastic: true }, {}], [[name, "x"]])) {
      expect(textWidth(line)).toBeLessThanOrEqual(WIDTH);
    }
    const lines = paragraph(name);
    expect(lines.length).toBeLessThanOrEqual(25);
    expect(lines.join("")).toContain("...");
  }
  expect(performance.now() - started).toBeLessThan(1000);
});
