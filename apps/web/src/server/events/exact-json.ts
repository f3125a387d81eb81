/**
 * JSON whose numbers keep every digit they were sent with: 64-bit ids in the data of an event would come out
 * of JSON.parse as other numbers. (The source of a value: ECMAScript's JSON.parse source text access.)
 */
interface SourceText {
  readonly source?: string;
}
type Reviver = (key: string, value: unknown, context: SourceText) => unknown;

const exact = JSON as unknown as {
  parse(text: string, reviver: Reviver): unknown;
  rawJSON(text: string): unknown;
};

/** Numbers that a double does not hold come as raw JSON, which JSON.stringify writes as it was. */
export function parseExact(text: string): unknown {
  return exact.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? exact.rawJSON(source)
      : value,
  );
}
