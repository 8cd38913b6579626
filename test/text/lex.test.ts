import { describe, expect, it } from "vitest";
import { isIdentifier, Lexer, listUntil } from "../../src/text/lex.js";

describe("Lexer", () => {
  it("tells names, numbers, texts and symbols", () => {
    const lexer = new Lexer('name "a \\"b\\"" 12 -3 1.5e-3 <= # a comment\n ("');
    const kinds: string[] = [];
    for (let token = lexer.next(); kinds.length < 5; token = lexer.next())
      kinds.push(`${token.kind} ${token.text}`);
    expect(kinds).toEqual(["id name", 'string a "b"', "int 12", "int -3", "float 1.5e-3"]);
  });

  it("looks ahead without taking", () => {
    const lexer = new Lexer("a = b");
    expect([lexer.peek().text, lexer.isFollowedBy("="), lexer.isFollowedBy(",")]).toEqual(["a", true, false]);
    expect([lexer.name("a name"), lexer.accept(","), lexer.accept("="), lexer.at("b")]).toEqual([
      "a",
      false,
      true,
      false,
    ]);
    expect(lexer.next().text).toBe("b");
    expect(lexer.next().kind).toBe("end");
  });

  it("names the line and column of a fault", () => {
    const lexer = new Lexer("a,\n  7");
    lexer.next();
    lexer.expect(",");
    expect(() => lexer.name("a name")).toThrow(
      expect.objectContaining({ where: { element: "line 2, column 3" } }),
    );
  });

  it("does not follow nesting without an end", () => {
    const lexer = new Lexer("x");
    const deeper = (): unknown => lexer.nested(deeper);
    expect(deeper).toThrow(expect.objectContaining({ code: "invalid" }));
  });
});

it("lists end at their symbol, and may be empty", () => {
  const read = (text: string): string[] => {
    const lexer = new Lexer(text);
    const items: string[] = [];
    listUntil(lexer, "]", () => {
      items.push(lexer.name("an item"));
    });
    return items;
  };
  expect([read("]"), read("a]"), read("a, b]")]).toEqual([[], ["a"], ["a", "b"]]);
  expect(() => read("a b]")).toThrow(
    expect.objectContaining({ id: "token-is-unexpected", message: expect.stringMatching(/","/) }),
  );
});

it("identifiers need no quotes", () => {
  expect(["a", "a_1", "A.b", "1a", "", "a b"].map(isIdentifier)).toEqual([
    true,
    true,
    expect.anything(),
    false,
    false,
    false,
  ]);
});

describe("string literals", () => {
  const read = (literal: string): string => new Lexer(`"${literal}"`).string("a string");

  it("read back what print escapes", () => {
    expect(read('\\n\\t\\r \\u001b \\u{1f600} \\ud83d\\ude00 \\" \\\\n \\d')).toBe(
      '\n\t\r \u001b \u{1f600} \u{1f600} " \\n d',
    );
    expect(read("\\xc3\\xa9")).toBe("é");
  });

  it("hold any bytes where bytes may stand, and only text in a name", () => {
    const lexer = new Lexer('"a\\x9b\\xff" "a\\x9b"');
    expect(lexer.bytes("a string")).toEqual(Uint8Array.of(0x61, 0x9b, 0xff));
    expect(() => lexer.name("a name")).toThrow(expect.objectContaining({ id: "name-holds-other-bytes" }));
  });

  it("refuse escapes that are cut short", () => {
    for (const literal of ["\\u12", "\\x9", "\\u{}", "\\u{110000}", "\\xzz"]) {
      expect(() => read(literal), literal).toThrow(expect.objectContaining({ id: "escape-is-unknown" }));
    }
    expect(() => new Lexer('"a')).toThrow(expect.objectContaining({ id: "string-is-not-closed" }));
  });
});
