/** Images: resampling, regions, boxes. */
export const OPERATORS = {
  AffineGrid: { since: [20], inputs: 2 },
  GridSample: {
    since: [16, 20, 22],
    breaking: [20],
    inputs: 2,
    traits: ["jumps"],
    work: "resampling",
  },
  ImageDecoder: { since: [20], inputs: 1 },
  MaxRoiPool: { since: [1, 22], inputs: 2, traits: ["jumps"], work: "regions" },
  NonMaxSuppression: { since: [10, 11], inputs: [2, 5], work: "suppression", bound: "selections" },
  Resize: {
    since: [10, 11, 13, 18, 19],
    breaking: [11, 13],
    inputs: [1, 4],
    traits: ["resamples"],
    work: "resampling",
    parameters: { 1: "setting", 2: "setting" },
  },
  RoiAlign: { since: [10, 16, 22], breaking: [16], inputs: 3, traits: ["jumps"], work: "regions" },
  Upsample: {
    since: [1, 7, 9, 10],
    breaking: [7, 9, 10],
    inputs: [1, 2],
    traits: ["resamples"],
    work: "resampling",
  },
} as const;
