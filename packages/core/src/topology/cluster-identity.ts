/** Which cluster somebody is of: two processes belong together when they name the same id. */
import { z } from 'zod';

export const clusterIdentitySchema = z.strictObject({
  id: z.string().min(1).describe('made once, when the control plane was set up'),
  name: z.string().min(1).describe('for people'),
});
export type ClusterIdentity = z.output<typeof clusterIdentitySchema>;

export interface ClusterIdentityStore {
  read(): Promise<ClusterIdentity>;
  rename(name: string): Promise<void>;
}
