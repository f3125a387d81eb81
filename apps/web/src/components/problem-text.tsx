/** Why an order or a question was refused; of a file, every line that is wrong. Nothing while nothing is. */
export function ProblemText({ error }: { error: { readonly message: string } | null }) {
  if (error === null) return null;
  return (
    <p
      role="alert"
      className="max-h-48 overflow-y-auto whitespace-pre-line break-words rounded-md bg-bad-soft px-3 py-2 text-bad text-sm"
    >
      {error.message}
    </p>
  );
}
