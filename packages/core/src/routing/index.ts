export * from './hold-buffer.ts';
export { RouteTable } from './route-table.ts';
