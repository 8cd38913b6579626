/** Something with a text in one model, in the other, or in both; undefined where a model has none. */
export interface TextChange {
  /** Which field, key, domain or value it is of. */
  readonly name: string;
  /** The text in the first model. */
  readonly before: string | undefined;
  /** The text in the second model. */
  readonly after: string | undefined;
}

/** A node of one of the models. */
export interface NodeReference {
  /** The graph it is in: "" for the model's own, else the function, or the node and attribute of the body. */
  readonly graph: string;
  /** Its operator, "domain::Type" outside the standard domain. */
  readonly operator: string;
  /** Its name, or that of its first output where it has none. */
  readonly name: string;
}

/** A node that both models have, and that is not the same. */
export interface NodeChange extends NodeReference {
  /** Its name in the second model. */
  readonly nameAfter: string;
  /** Attributes ("attribute pads") and inputs ("input 1") that differ. */
  readonly changes: readonly TextChange[];
}

/** A constant of one of the models: an initializer, or the tensor of a Constant node. */
export interface WeightReference {
  /** The graph it is in, as in NodeReference. */
  readonly graph: string;
  /** The name of its value. */
  readonly name: string;
  /** Element type and sizes in ONNX text, "float[64,3,7,7]". */
  readonly type: string;
  /** Bytes of its elements. */
  readonly bytes: number;
}

/** A constant of the same name in both models, with other elements or another type. */
export interface WeightChange extends WeightReference {
  /** Its type in the second model. */
  readonly typeAfter: string;
  /** How many elements differ; undefined where the sizes are not the same. */
  readonly elements: number | undefined;
  /** The largest absolute difference of two elements; undefined where they are no finite numbers, or the sizes differ. */
  readonly maxDifference: number | undefined;
}

/** How often an operator occurs in each model. */
export interface OperatorChange {
  /** "domain::Type" outside the standard domain. */
  readonly operator: string;
  /** Nodes of the first model, subgraphs and functions included. */
  readonly before: number;
  /** Nodes of the second model. */
  readonly after: number;
}

/** What changed between two models. Plain data: it survives JSON. */
export interface ModelDiff {
  /** Nothing differs but what was to be ignored. */
  readonly same: boolean;
  /** The parts that do not count. */
  readonly ignored: readonly DiffPart[];
  /** Fields of the model: IR version, producer, domain, version, doc string, names of the graph and of functions. */
  readonly fields: readonly TextChange[];
  /** Versions of operator sets, by domain. */
  readonly opsets: readonly TextChange[];
  /** Entries of metadata_props, by key. */
  readonly metadata: readonly TextChange[];
  /** Types of inputs, by name. */
  readonly inputs: readonly TextChange[];
  /** Types of outputs, by name. */
  readonly outputs: readonly TextChange[];
  /** Operators that do not occur equally often. */
  readonly operators: readonly OperatorChange[];
  /** The nodes, matched by what they compute, by name and by neighbours. */
  readonly nodes: {
    /** Nodes that are the same but perhaps for names. */
    readonly same: number;
    /** How many of these have another name, or outputs of other names. */
    readonly renamed: number;
    /** Nodes of both models that differ. */
    readonly changed: readonly NodeChange[];
    /** Nodes of the first model alone. */
    readonly removed: readonly NodeReference[];
    /** Nodes of the second model alone. */
    readonly added: readonly NodeReference[];
  };
  /** The constants, matched by name and by content. */
  readonly weights: {
    /** Constants with the same elements. */
    readonly same: number;
    /** How many of these have another name. */
    readonly renamed: number;
    /** Constants of both models whose type or elements differ. */
    readonly changed: readonly WeightChange[];
    /** Constants of the first model alone. */
    readonly removed: readonly WeightReference[];
    /** Constants of the second model alone. */
    readonly added: readonly WeightReference[];
  };
  /** The first difference of another kind, where there is none of these: order, declared types, doc strings of nodes. */
  readonly other: string | undefined;
}

/** The parts of a difference that can be ignored. */
export const DIFF_PARTS = ["fields", "opsets", "metadata", "names", "weights", "other"] as const;

/** One of the parts of a difference that can be ignored. */
export type DiffPart = (typeof DIFF_PARTS)[number];
