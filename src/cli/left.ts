import { visible } from "../base/visible.js";
import { write } from "./output.js";

/** Says which files seem to be left from earlier runs. */
export async function noteLeft(left: readonly string[]): Promise<void> {
  for (const path of left) await write(`note: ${visible(leftText(path))}\n`, "stderr");
}

function leftText(path: string): string {
  return `${path} is of an earlier run, it seems, and no model beside it reads it; remove it if nobody needs it`;
}
