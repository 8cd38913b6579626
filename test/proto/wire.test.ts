import { describe, expect, it } from "vitest";
import { memorySource } from "../../src/base/bytes.js";
import { Cursor, DELIMITED, FIXED32, VARINT } from "../../src/proto/wire.js";

function cursorOf(...bytes: readonly number[]): Cursor {
  const source = memorySource(Uint8Array.from(bytes));
  return new Cursor({ source, offset: 0, length: bytes.length });
}

/** The cursor at its first field. */
function at(...bytes: readonly number[]): Cursor {
  const cursor = cursorOf(...bytes);
  cursor.next();
  return cursor;
}

const fails = (id: string, offset: number): unknown => expect.objectContaining({ id, where: { offset } });

describe("Cursor", () => {
  it("steps through the fields and gives their values", () => {
    // 1: varint 300; 2: text "ab"; 3: float 1.5
    const cursor = cursorOf(0x08, 0xac, 0x02, 0x12, 0x02, 0x61, 0x62, 0x1d, 0, 0, 0xc0, 0x3f);
    expect(cursor.next()).toBe(true);
    expect([cursor.field, cursor.wireType, cursor.integer("n"), cursor.bigint()]).toEqual([
      1,
      VARINT,
      300,
      300n,
    ]);
    expect(cursor.next()).toBe(true);
    expect([cursor.field, cursor.wireType, cursor.text()]).toEqual([2, DELIMITED, "ab"]);
    expect([...cursor.raw()]).toEqual([0x12, 0x02, 0x61, 0x62]);
    expect(cursor.range()).toMatchObject({ offset: 5, length: 2 });
    expect(cursor.next()).toBe(true);
    expect([cursor.field, cursor.wireType, cursor.float()]).toEqual([3, FIXED32, 1.5]);
    expect(cursor.next()).toBe(false);
  });

  it("reads negative integers, and refuses those that no number holds", () => {
    const minusOne = [0x08, ...new Array<number>(9).fill(0xff), 0x01];
    expect(at(...minusOne).integer("n")).toBe(-1);
    const large = at(0x08, ...new Array<number>(8).fill(0xff), 0x7f);
    expect(large.bigint()).toBe(2n ** 63n - 1n);
    expect(() => large.integer("n")).toThrow(fails("integer-is-out-of-range", 0));
  });

  it("enters a nested message, and goes on behind it although part of it is unread", () => {
    const cursor = cursorOf(0x0a, 0x04, 0x08, 0x01, 0x10, 0x02, 0x18, 0x03);
    cursor.next();
    const outer = cursor.enter();
    cursor.next();
    expect([cursor.field, cursor.integer("n")]).toEqual([1, 1]);
    cursor.leave(outer);
    expect([cursor.next(), cursor.field, cursor.integer("n")]).toEqual([true, 3, 3]);
  });

  it("tells text from other bytes", () => {
    expect(at(0x0a, 0x02, 0xc3, 0xa4).text()).toBe("ä");
    expect(at(0x0a, 0x01, 0xff).text()).toBeUndefined();
    expect(() => at(0x0a, 0x01, 0xff).string("a name")).toThrow(fails("text-is-not-utf8", 0));
  });

  it("skips a group of unknown fields as one field", () => {
    const cursor = cursorOf(0x0b, 0x13, 0x14, 0x10, 0x07, 0x0c, 0x18, 0x03);
    expect([cursor.next(), cursor.field, cursor.raw().length]).toEqual([true, 1, 6]);
    expect([cursor.next(), cursor.field]).toEqual([true, 3]);
  });

  it.each([
    ["a value beyond the message", [0x08, 0x01, 0x12, 0x05, 0x61], "field-is-longer-than-message", 2],
    ["field 0", [0x00, 0x01], "field-tag-is-invalid", 0],
    ["a wire type that is none", [0x0f], "field-tag-is-invalid", 0],
    ["half a header", [0x08, 0x80], "field-header-is-malformed", 0],
    ["a group that never ends", [0x0b, 0x08, 0x01], "group-never-ends", 0],
    ["a group that never began", [0x0c], "group-never-began", 0],
  ])("refuses %s", (_, bytes, id, offset) => {
    const cursor = cursorOf(...bytes);
    expect(() => {
      while (cursor.next());
    }).toThrow(fails(id, offset));
  });

  it("refuses a value that is read as another kind", () => {
    expect(() => at(0x08, 0x01).bytes()).toThrow(fails("wire-type-is-wrong", 0));
    expect(() => at(0x0a, 0x00).integer("n")).toThrow(fails("wire-type-is-wrong", 0));
  });
});
