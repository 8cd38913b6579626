/** The same fields, with those that may be undefined made optional. */
export type Defined<T> = {
  [Name in keyof T as undefined extends T[Name] ? never : Name]: T[Name];
} & {
  [Name in keyof T as undefined extends T[Name] ? Name : never]?: Exclude<T[Name], undefined>;
};

/**
 * The fields that are given: a field that is undefined is left out, the others keep their order. For optional fields,
 * where `exactOptionalPropertyTypes` takes no undefined.
 *
 *   runModel(model, defined({ threads, limit, signal }));
 *   const options = { inputs, ...defined({ seed: flags.seed }) };
 */
export function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
