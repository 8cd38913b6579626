import { visible } from "../base/visible.js";
import { write } from "./output.js";

/** Says which files seem to be left from earlier runs. */
export async function noteLeft(left: readonly string[]): Promise<void> {
  for (const path of left) await write(`note: ${visible(leftText(path))}\n`, "stderr");
}

function leftText(path: string): string {
  return `${path} is of an earlier run, it seems, and no model beside it reads it; remove it if nobody needs it`;
}

/** Says that results could not be kept, which costs only time. */
export async function noteTrouble(
  trouble: unknown,
  { quiet = false }: { readonly quiet?: boolean },
): Promise<void> {
  if (trouble === undefined || quiet) return;
  const reason = trouble instanceof Error ? trouble.message : String(trouble);
  await write(`note: ${visible(`results cannot be kept in the cache: ${reason}`)}\n`, "stderr");
}
