import { type Build, convolution, image, type Sizes } from "../../support/affine-cases.js";
import { constant, normalize } from "../../support/text.js";
import { parameter, ROLES } from "./constants.js";
import { applied, behind, normalized, type PeerRows, refused } from "./row.js";

/** A normalization in an older or a training form. */
const form = (attributes: string, outputs = "y"): Build =>
  behind(normalize(outputs, "c", "bn", attributes), undefined, outputs.split(",")[0]);
const UNRUN = { runnable: "maybe" } as const;

const spatial =
  (attributes: string, dims: (z: Sizes) => readonly number[]): Build =>
  (z) => ({
    input: image(z),
    constants: [
      ...convolution("f", z.C, z.K),
      ...ROLES.map((role) => constant(`bn_${role}`, dims(z), { low: 0.5, high: 2 })),
    ],
    nodes: `c = Conv (x, f_W, f_b) ${normalize("y", "c", "bn", attributes)}`,
  });

/** Variances as small as the epsilon that is not written. */
const tiny =
  (low: number, high: number): Build =>
  (z) => ({
    input: image(z),
    constants: [
      ...convolution("f", z.C, z.K),
      ...ROLES.slice(0, 3).map((role) => parameter(role, z.K)),
      constant("bn_var", [z.K], { low, high }),
    ],
    nodes: `c = Conv (x, f_W, f_b) ${normalized}`,
  });

/** Conv and BatchNormalization in a branch; their constants stand in it, around it, or one of them is fed. */
const branch =
  (where: "inside" | "around" | "fed"): Build =>
  (z) => {
    const parameters = [
      ...convolution("f", z.C, z.K, [2, 3]),
      ...ROLES.slice(where === "fed" ? 1 : 0).map((role) => parameter(role, z.K)),
    ];
    const own = where === "inside" ? `<${parameters.join(", ")}>` : "";
    return {
      input: `${image(z)}, bool p${where === "fed" ? `, float[${z.K}] g` : ""}`,
      constants: where === "inside" ? [] : parameters,
      nodes: `y = If (p) <then_branch = t () => (u) ${own} {
          c = Conv (x, f_W, f_b) u = BatchNormalization (c, ${where === "fed" ? "g" : "bn_gamma"}, bn_beta, bn_mean, bn_var)
        }, else_branch = e () => (v) { r = ReduceMax <keepdims = 1> (x) v = Neg (r) }>`,
    };
  };

/** Rows 58 to 64: forms of BatchNormalization, and where it stands. */
export const FORMS: PeerRows = {
  58: {
    text: "BatchNormalization of opset 6, is_test = 1",
    applied: [applied("a Conv is left", form("<is_test = 1>"), ["Conv"], { opset: 6, ...UNRUN })],
    refused: [refused("is_test = 0", form("<is_test = 0>"), /is_test/, { opset: 6, ...UNRUN })],
  },
  59: {
    text: "BatchNormalization of opset 14 or 15, training_mode = 1, three outputs",
    applied: [applied("training_mode = 0", form("<training_mode = 0>"), ["Conv"], { opset: 14 })],
    refused: [14, 15].map((opset) =>
      refused(`opset ${opset}`, form("<training_mode = 1>", "y, m, v"), /training_mode = 1/, {
        opset,
        ...UNRUN,
      }),
    ),
  },
  60: {
    text: "BatchNormalization of opset 14 or 15, training_mode = 1, one output",
    applied: [applied("training_mode = 0", form("<training_mode = 0>"), ["Conv"], { opset: 15 })],
    refused: [14, 15].map((opset) =>
      refused(`opset ${opset}`, form("<training_mode = 1>"), /training_mode = 1/, { opset, ...UNRUN }),
    ),
  },
  61: {
    text: "BatchNormalization of opset 9 with five outputs, which is training",
    applied: [applied("one output", form(""), ["Conv"], { opset: 9 })],
    refused: [refused("five", form("", "y, m, v, sm, sv"), "is-training-form", { opset: 9, ...UNRUN })],
  },
  62: {
    text: "BatchNormalization of opset 7, spatial = 0",
    applied: [
      applied(
        "spatial = 1",
        spatial("<spatial = 1>", (z) => [z.K]),
        ["Conv"],
        { opset: 7 },
      ),
    ],
    refused: [
      refused(
        "parameters [C,H,W]",
        spatial("<spatial = 0>", (z) => [z.K, z.H, z.W]),
        /spatial = 0/,
        {
          opset: 7,
          ...UNRUN,
        },
      ),
    ],
  },
  63: {
    text: "no attribute epsilon",
    applied: [applied("1e-5 counts", tiny(0.000005, 0.00002), ["Conv"])],
    refused: [refused("a variance below -1e-5", tiny(-0.001, -0.0005), "variance-has-no-root", UNRUN)],
  },
  64: {
    text: "Conv and BatchNormalization in an If; constants in the branch or around it",
    applied: [
      applied("in the branch", branch("inside"), ["If", "Conv", "ReduceMax", "Neg"]),
      applied("around it", branch("around"), ["If", "Conv", "ReduceMax", "Neg"]),
    ],
    refused: [refused("a parameter around it is fed", branch("fed"), "constant-is-graph-input")],
  },
};
