/** How onnxruntime names an operator that it does not know: `com.acme:Foo(-1)`. */
const UNKNOWN = /(?:Fatal error: )?([\w.]+):(\w+)\(-?\d+\) is not a registered function\/op/;

/**
 * The reason in plain words where it is a custom operator. onnxruntime-node 1.30 does not register libraries of them (its
 * binding has no call for it), so that no option could help.
 */
export function customOperatorReason(reason: string): string {
  const [whole, domain, name] = UNKNOWN.exec(reason) ?? [];
  if (whole === undefined || domain?.startsWith("ai.onnx")) return reason;
  const plain = `"${name}" of domain "${domain}" is a custom operator, and onnxruntime-node loads no libraries of these`;
  return reason.replace(whole, plain);
}
