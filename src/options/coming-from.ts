import type { CommandName } from "./heads.js";

/** Another program whose flags people know. */
export type OtherTool = "onnxsim" | "OnnxSlim" | "onnxoptimizer" | "Polygraphy";

/** A flag of another program, and what is ours. */
export interface ForeignFlag {
  readonly tool: OtherTool;
  /** Where the other program has several commands: which. */
  readonly of?: string;
  readonly flag: string;
  /** The command of ours that does the same work. */
  readonly command: CommandName;
  /**
   *   same    ours has the same name and meaning
   *   alias   ours is called otherwise, and takes its place on the command line
   *   always  ours does so anyway; the flag is taken and changes nothing
   *   answer  something else: the flag is refused with one line, which says what
   */
  readonly kind: "same" | "alias" | "always" | "answer";
  /** Of "alias": our flag. */
  readonly ours?: string;
  /** The answer, or a remark for the table; one clause. */
  readonly text: string;
}

type Row = readonly [flag: string, kind: ForeignFlag["kind"], text: string, ours?: string];

function rows(
  tool: OtherTool,
  command: CommandName,
  of: string | undefined,
  list: readonly Row[],
): readonly ForeignFlag[] {
  return list.map(([flag, kind, text, ours]) => ({
    tool,
    command,
    flag,
    kind,
    text,
    ...(of === undefined ? {} : { of }),
    ...(ours === undefined ? {} : { ours }),
  }));
}

const UNTIL_NOTHING = "passes run until none of them finds anything";
const INFERRED = "types and shapes are always inferred where they are needed, and not written";
const EXTERNAL = "data files are read from where the model names them; --allow-outside reads them elsewhere";

/** The flags of other programs, each with our answer; docs/coming-from.md is made of it. */
export const FOREIGN_FLAGS: readonly ForeignFlag[] = [
  ...rows("onnxsim", "optimize", undefined, [
    ["--overwrite-input-shape", "same", "repeatable; name the input, x:1,3,224,224"],
    ["--inline-functions", "same", ""],
    ["--skip-constant-folding", "alias", "", "--no-constant-folding"],
    ["--test-input-shape", "alias", "", "--input-shape"],
    ["--target-opset", "alias", "raises only", "--opset"],
    ["--save-as-external-data", "alias", "", "--external-data"],
    ["--enable-fuse-bn", "always", "BatchNormalization is folded"],
    ["--dynamic-input-shape", "always", "shapes may be symbolic"],
    ["--include-subgraph", "always", "bodies of If, Loop and Scan are rewritten too"],
    ["--skip-schema-import", "always", "operators that normfold does not know stay as they are"],
    [
      "--check-n",
      "answer",
      "the result is always checked, on inputs chosen to bite; --seed gives others, --no-check none",
    ],
    ["--skip-fuse-bn", "answer", "give --skip fold-affine-up,fold-affine-down,compose-affine"],
    ["--skip-optimization", "answer", 'give --skip with names of passes; "normfold passes" lists them'],
    ["--skip-optimizer", "answer", 'give --skip with names of passes; "normfold passes" lists them'],
    ["--skip-shape-inference", "answer", INFERRED],
    [
      "--enable-onnxruntime-optimization",
      "answer",
      "onnxruntime fuses when it loads; --target onnxruntime keeps what it fuses",
    ],
    [
      "--input-data-path",
      "answer",
      "give --check-inputs with an .npz, .npy or .pb file, or a test_data_set folder",
    ],
    ["--input-fill", "answer", "inputs are generated to bite, by --seed; --check-inputs takes yours"],
    [
      "--check-rtol",
      "answer",
      'the tolerance is measured on the original; "normfold check --rtol" takes one',
    ],
    [
      "--check-atol",
      "answer",
      'the tolerance is measured on the original; "normfold check --atol" takes one',
    ],
    ["--custom-lib", "answer", "operators that onnxruntime does not have need --no-check"],
    ["--unused-output", "answer", "give --outputs with the names of those that stay"],
    ["--no-large-tensor", "answer", "give --growth-limit: how much computed constants may add in all"],
    [
      "--mutable-initializer",
      "answer",
      "inputs with a default value stay as they are unless --freeze-initializers is given",
    ],
    ["--initializers-as-non-constants", "answer", "give --keep with the names of those that are to stay"],
    ["--providers", "answer", "constants are computed on the CPU"],
    ["--cuda", "answer", "constants are computed on the CPU"],
    ["--profile", "answer", 'give --time, or see "normfold profile"'],
    ["--ort-profile", "answer", 'see "normfold profile"'],
    ["--merge-ort-profile", "answer", 'see "normfold profile"'],
    ["--graph-diff", "answer", 'see "normfold diff"'],
    ["--list-default-optimizers", "answer", '"normfold passes" lists the passes'],
  ]),
  ...rows("OnnxSlim", "optimize", undefined, [
    ["--inputs", "same", "names only"],
    ["--outputs", "same", "names only"],
    ["--no-constant-folding", "same", ""],
    ["--input-shapes", "alias", "", "--overwrite-input-shape"],
    ["--save-as-external-data", "alias", "", "--external-data"],
    ["--model-check", "always", "the result is checked, and written only if it is proven"],
    ["--model-check-inputs", "answer", "give --input-shape x:1,3,224,224, or --check-inputs with a file"],
    ["--no-shape-infer", "answer", INFERRED],
    ["--skip-fusion-patterns", "answer", 'give --skip with names of passes; "normfold passes" lists them'],
    ["--skip-optimizations", "answer", 'give --skip with names of passes; "normfold passes" lists them'],
    ["--size-threshold", "answer", "give --growth-limit: how much computed constants may add in all"],
    ["--dtype", "answer", "the precision of a model stays as it is"],
    ["--inspect", "answer", 'see "normfold inspect"'],
    ["--dump-to-disk", "answer", 'see "normfold inspect --json"'],
    ["--verbose", "answer", "give --explain"],
  ]),
  ...rows("onnxoptimizer", "optimize", undefined, [
    ["--fixed_point", "always", UNTIL_NOTHING],
    ["--passes", "answer", 'give --pass with names of ours; "normfold passes" lists them'],
    ["--print_all_passes", "answer", '"normfold passes" lists the passes'],
    ["--print_fuse_elimination_passes", "answer", '"normfold passes" lists the passes'],
  ]),
  ...rows("Polygraphy", "optimize", "surgeon sanitize, surgeon extract", [
    ["--inputs", "same", "names only"],
    ["--outputs", "same", "names only"],
    ["--output", "same", ""],
    ["--override-input-shapes", "alias", "", "--overwrite-input-shape"],
    ["--override-inputs", "alias", "", "--overwrite-input-shape"],
    ["--save-external-data", "alias", "the file is called <output>.data", "--external-data"],
    ["--fold-constants", "always", "constants are computed"],
    ["--cleanup", "always", "what nothing reads goes"],
    ["--toposort", "always", "nodes are written in an order in which they can run"],
    ["--num-passes", "answer", UNTIL_NOTHING],
    ["--num-const-fold-passes", "answer", UNTIL_NOTHING],
    ["--partitioning", "answer", "a constant that cannot be computed keeps no other from it"],
    ["--no-fold-shapes", "answer", 'give --skip with names of passes; "normfold passes" lists them'],
    ["--no-per-pass-shape-inference", "answer", INFERRED],
    ["--fold-size-threshold", "answer", "give --growth-limit: how much computed constants may add in all"],
    ["--external-data-size-threshold", "answer", "give --external-data with the number of bytes"],
    ["--no-save-all-tensors-to-one-file", "answer", "--external-data writes one file"],
    ["--load-external-data", "answer", EXTERNAL],
    ["--external-data-dir", "answer", EXTERNAL],
    ["--ignore-external-data", "answer", EXTERNAL],
  ]),
  ...rows("Polygraphy", "check", "run", [
    ["--atol", "same", "one number for all outputs"],
    ["--rtol", "same", "one number for all outputs"],
    ["--seed", "same", ""],
    ["--input-shapes", "alias", "", "--input-shape"],
    ["--providers", "alias", "", "--provider"],
    ["--onnxrt", "always", "models run in onnxruntime"],
    ["--trt", "answer", "models run in onnxruntime; --result-provider chooses how the second does"],
    ["--onnx-outputs", "answer", "give --layers: every value that both models have"],
    ["--load-inputs", "answer", "give --data with an .npz, .npy or .pb file, or a test_data_set folder"],
    ["--load-input-data", "answer", "give --data with an .npz, .npy or .pb file, or a test_data_set folder"],
    [
      "--data-loader-script",
      "answer",
      "give --data with an .npz, .npy or .pb file, or a test_data_set folder",
    ],
    ["--val-range", "answer", "inputs are generated to bite, by --seed; --data takes yours"],
    ["--check-error-stat", "answer", "every figure is printed; --atol and --rtol are for each element"],
    ["--validate", "answer", "NaN and infinity are always compared"],
    ["--fail-fast", "answer", "--layers names the first value that departs"],
    ["--warm-up", "answer", 'see "normfold profile"'],
    ["--iterations", "answer", 'see "normfold profile --duration"'],
    ["--save-outputs", "answer", "--json has every figure; outputs are not written"],
    ["--load-outputs", "answer", "give --data with a test_data_set folder, whose outputs are compared too"],
  ]),
  ...rows("Polygraphy", "reduce", "debug reduce", [
    ["--output", "same", ""],
    ["--check", "answer", "give --run with a command, in which {} stands for the model"],
    ["--fail-code", "answer", "give --exit-code"],
    ["--fail-codes", "answer", "give --exit-code"],
    ["--fail-regex", "answer", "give --match"],
    ["--mode", "answer", "it bisects, and then takes away one by one"],
    ["--min-good", "answer", "the model that is written is the smallest that fails"],
    ["--model-input-shapes", "answer", "sizes are found by inference and in a run"],
    ["--no-reduce-inputs", "answer", "inputs and outputs go where they can"],
    ["--no-reduce-outputs", "answer", "inputs and outputs go where they can"],
  ]),
];

/** Commands of other programs, and ours. */
export const FOREIGN_COMMANDS: Readonly<Record<string, readonly [tool: OtherTool, ours: string]>> = {
  simplify: ["onnxsim", "normfold optimize"],
  slim: ["OnnxSlim", "normfold optimize"],
  surgeon: ["Polygraphy", "normfold optimize; of extract with --inputs and --outputs"],
  sanitize: ["Polygraphy", "normfold optimize"],
  extract: ["Polygraphy", "normfold optimize --inputs a,b --outputs c"],
  run: ["Polygraphy", "normfold check for two models, normfold profile for their times"],
  debug: ["Polygraphy", "normfold reduce"],
  convert: ["Polygraphy", "normfold optimize --overwrite-input-shape x:1,3,224,224 --opset 17"],
};
