/** Keys of a query that ask for the address of a file, or that a development server adds. */
const ADDRESS: ReadonlySet<string> = new Set(["url", "import", "t", "v"]);

/**
 * The path of the model that a module's id asks the address of: `model.onnx` and `model.onnx?url`. Other queries (`?raw`, `?inline`)
 * ask for something else, and are left to the bundler.
 */
export function modelPath(id: string): string | undefined {
  const [path = "", query = ""] = id.split("?", 2);
  if (!/\.onnx$/i.test(path) || path.startsWith("\0")) return undefined;
  for (const key of new URLSearchParams(query).keys()) if (!ADDRESS.has(key)) return undefined;
  return path;
}

/** The same as an expression for bundlers that take one: of a path, and of a query. */
export const MODEL: RegExp = /\.onnx$/i;

/** Of the query behind it. */
export const QUERY: RegExp = /^(\?url=?)?$/;
