/** Back to the sign-in page, with the reason that it shows. The address is relative: behind a proxy nobody knows it. */
export function toSignIn(next: string, because: string | undefined): Response {
  const search = new URLSearchParams({
    ...(next === '/' ? {} : { next }),
    ...(because === undefined ? {} : { because }),
  });
  const location = search.size === 0 ? '/sign-in' : `/sign-in?${search}`;
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } });
}
