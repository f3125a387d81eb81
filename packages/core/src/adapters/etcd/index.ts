export { EtcdChangeNotifier } from './change-notifier.ts';
export { openEtcdTopology } from './topology-store.ts';
