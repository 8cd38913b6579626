/**
 * The characters that a terminal obeys or does not show: C0 and C1 controls, marks of direction, zero-width characters, byte
 * order marks, line separators, lone surrogates. Names come from models, and models from strangers.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * The text on one line with nothing unseen in it: a line break becomes `\n`, an escape character `\u001b`. Whatever reads it
 * back has to double its backslashes first, as `quoted` does.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, (char) => SHORT[char] ?? unicodeEscape(char));
}

/** The same for text of many lines, whose line breaks stay. */
export function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}

/** The JSON of a document in which nothing is unseen: JSON itself escapes C0 controls and lone surrogates, and no others. */
export function visibleJson(document: object, indent?: number): string {
  const json = JSON.stringify(document, undefined, indent);
  // Only line breaks stand outside its strings.
  return json.replace(UNSEEN, (char) => (char === "\n" ? char : utf16Escape(char)));
}

function unicodeEscape(char: string): string {
  return char.length === 1 ? unitEscape(char, 0) : `\\u{${char.codePointAt(0)?.toString(16)}}`;
}

/** JSON has no escape for a character beyond U+FFFF but those of its two surrogates. */
function utf16Escape(char: string): string {
  return char.length === 1 ? unitEscape(char, 0) : unitEscape(char, 0) + unitEscape(char, 1);
}

function unitEscape(char: string, at: number): string {
  return `\\u${char.charCodeAt(at).toString(16).padStart(4, "0")}`;
}
