export * from './action.ts';
export { type ClusterState, clusterStateSchema } from './cluster-state.ts';
export * from './columns.ts';
export { compileState } from './compile-state.ts';
export * from './plan.ts';
export * from './policy.ts';
export * from './recommendation.ts';
export * from './skip-reason.ts';
export { withRoom } from './working-cluster.ts';
