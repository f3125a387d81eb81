/** What of a URL may be shown: engine URLs carry passwords, and those never leave the server. */
export function publicAddress(url: string): string {
  if (!URL.canParse(url)) return 'address hidden';
  const parsed = new URL(url);
  const database = parsed.pathname.length > 1 ? parsed.pathname : '';
  return `${parsed.host}${database}`;
}
