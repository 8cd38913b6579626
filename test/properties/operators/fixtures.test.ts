import { expect, it } from "vitest";
import { expectSameFunction } from "../../support/judge.js";

/** Random graphs that failed once, as small as they were made. */
const FOUND: readonly (readonly [string, string])[] = [
  [
    "facts behind a Loop without iterations are known only when it is inlined",
    `g (float[N,3,8] x) => (y) <int64 none = {0}, float k = {0.9}, int64[3] sizes = {1, 3, 8}>
     { a = Loop (none, "", x) <body = b (int64 i, bool on, float[N,3,8] s) => (bool go, float[N,3,8] t)
         { go = Identity (on) t = Add (s, k) }>
       e = Expand (a, sizes) y = Sin (e) }`,
  ],
  [
    "a Loop of one round, and a Reshape behind it",
    `g (float[N,6] x) => (y) <int64 one = {1}, float k = {-0.7}, int64[2] sizes = {-1, 6}>
     { a = Loop (one, "", x) <body = b (int64 i, bool on, float[N,6] s) => (bool go, float[N,6] t)
         { go = Identity (on) t = Add (s, k) }>
       r = Reshape (a, sizes) y = Tanh (r) }`,
  ],
];

it.each(FOUND)("%s", async (_, text) => {
  const { result, status } = await expectSameFunction(`<ir_version: 8, opset_import: ["" : 13]> ${text}`);
  expect(status).toBe("equal");
  expect(result.rewrites.length).toBeGreaterThan(0);
});
