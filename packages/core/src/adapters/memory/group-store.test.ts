import { describeGroupStore } from '../../consuming/group-store.contract-suite.ts';
import { MemoryGroupStore } from './group-store.ts';

let micros = 1_000_000_000;
const clock = { nowMicros: () => ++micros };
describeGroupStore('groups in memory', () => new MemoryGroupStore(clock));
