import { inferenceTable } from "../../support/infer.js";

inferenceTable("text", 20, [
  ["string[N,1] x, string[3] z", "y = StringConcat(x, z)", "string[N,3]"],
  ["string[N,3] x", "y, z = StringSplit(x)", "string[N,3,?]", "int64[N,3]"],
  ["string[N,3] x", 'y = RegexFullMatch<pattern="a">(x)', "bool[N,3]"],
  ["string[1,3] x", "y = StringNormalizer(x)", "string[1,?]"],
  ["int64[N,3] x", "y = TfIdfVectorizer<ngram_indexes=[0, 4, 2]>(x)", "float[N,5]"],
]);
