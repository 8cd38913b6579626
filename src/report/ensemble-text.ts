import { plural } from "../base/plural.js";
import type { FileSize } from "../library/save.js";
import type { EnsembleProof } from "../training/ensemble-proof.js";
import { paragraph } from "./layout.js";
import type { Style } from "./style.js";
import { bytesText, differenceText } from "./units.js";

export interface EnsembleRun {
  readonly inputs: readonly FileSize[];
  readonly output: FileSize;
  readonly nodes: number;
  readonly proof?: EnsembleProof;
}

/** The members of an ensemble and its proof, as lines of at most 80 columns. */
export function ensembleText({ inputs, output, nodes, proof }: EnsembleRun, style: Style): string {
  const lines = [
    ...paragraph(
      [{ text: output.path, paint: style.bold }, `(${bytesText(output.bytes)}), ${plural(nodes, "node")}`],
      0,
      2,
    ),
    ...paragraph(
      `the mean of ${plural(inputs.length, "model")}: ${inputs.map(({ path }) => path).join(", ")}`,
    ),
  ];
  if (proof !== undefined) {
    lines.push(
      ...paragraph(
        `${style.green("equal")} to the members' own mean in onnxruntime: at most ${differenceText(proof.difference)} off`,
      ),
    );
  }
  return `${lines.join("\n")}\n`;
}
