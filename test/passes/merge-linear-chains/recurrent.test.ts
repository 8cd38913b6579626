import { describe, it } from "vitest";
import { expectKept, expectRefused, expectRewrite } from "../../support/rewrite.js";
import { constant, graphText } from "../../support/text.js";

const ONLY = { passes: ["merge-linear-chains"] };
const GATES = { LSTM: 4, GRU: 3, RNN: 1 } as const;
const HIDDEN = 3;

interface Chain {
  readonly op?: keyof typeof GATES;
  readonly directions?: 1 | 2;
  readonly width?: number;
  readonly between?: number;
  readonly attributes?: string;
  readonly outputs?: string;
  readonly weight?: string;
}

/** y = op(MatMul(x, M)) */
function chain({
  op = "LSTM",
  directions = 1,
  width = 2,
  between = 5,
  attributes = "",
  outputs = "y, h",
  weight,
}: Chain): string {
  const rows = GATES[op] * HIDDEN;
  const direction = directions === 2 ? "bidirectional" : "forward";
  return graphText(
    `float[T,N,${width}] x${weight === undefined ? "" : `, ${weight}`}`,
    [
      constant("M", [width, between]),
      ...(weight === undefined ? [constant("W", [directions, rows, between])] : []),
      constant("R", [directions, rows, HIDDEN]),
      constant("B", [directions, 2 * rows]),
    ],
    `u = MatMul (x, M)
     y, h = ${op} <hidden_size = ${HIDDEN}, direction = "${direction}"${attributes}> (u, W, R, B)`,
    outputs,
  );
}

describe("a recurrent layer behind a MatMul", () => {
  const SIZES = { shapes: { x: [4, 6, 2] } };

  it.each([
    ["LSTM", 1],
    ["GRU", 2],
    ["RNN", 2],
  ] as const)("%s, %i direction(s), takes it into W", async (op, directions) => {
    const after = [`y, h = ${op}(x, W, R, B)`];
    await expectRewrite(chain({ op, directions }), after, { ...ONLY, ...SIZES });
  });

  it("keeps a projection that is cheaper apart", async () => {
    await expectRefused(chain({ width: 40, between: 2 }), /one would take 480 multiplications/, ONLY);
  });

  it("keeps a product that is seen elsewhere", async () => {
    await expectRefused(chain({ outputs: "y, h, u" }), "value-is-graph-output", ONLY);
  });

  it("keeps a product before a weight that is no constant", async () => {
    const weight = `float[1,${4 * HIDDEN},5] W`;
    await expectRefused(chain({ weight }), /weight W "W" is a graph input/, ONLY);
    await expectKept(chain({ weight }));
  });
});
