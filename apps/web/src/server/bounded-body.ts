/** Bodies of requests, read up to a limit: whoever sends more takes no memory of ours, signed in or not. */

/** Orders carry a load of an external cluster at most, as over REST. */
export const ORDER_BYTES_MAX = 8 * 1_048_576;

/** Undefined: there is more than that. */
export async function boundedBody(request: Request, bytesMax: number): Promise<string | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) return undefined;
  const reader = request.body?.getReader();
  if (reader === undefined) return '';
  const chunks: Uint8Array[] = [];
  for (let bytes = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks).toString('utf8');
    bytes += value.byteLength;
    if (bytes > bytesMax) {
      await reader.cancel().catch(() => {});
      return undefined;
    }
    chunks.push(value);
  }
}

/** The same request with its body in memory; undefined: it is too large. */
export async function withBoundedBody(request: Request, bytesMax: number): Promise<Request | undefined> {
  if (request.body === null) return request;
  const body = await boundedBody(request, bytesMax);
  if (body === undefined) return undefined;
  const { url, method, headers, signal } = request;
  return new Request(url, { method, headers, signal, body });
}
