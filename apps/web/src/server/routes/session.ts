/** Who asks. */
import { router, signedIn } from '../trpc.ts';

export const sessionRouter = router({
  mine: signedIn.query(({ ctx: { identity } }) => {
    const { principal, displayName, roles } = identity;
    return { kind: principal.kind, name: principal.name, displayName: displayName ?? null, roles };
  }),
});
