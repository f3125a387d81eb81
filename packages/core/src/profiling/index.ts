export * from './health-facts.ts';
export * from './health-score.ts';
export { type HealthSettings, healthSettingsSchema } from './health-settings.ts';
export * from './health-store.ts';
export { Moments } from './moments.ts';
export {
  jsonPointerSchema,
  type ProfileSettings,
  pathOf,
  profileSettingsSchema,
  valueAt,
} from './profile-fields.ts';
export * from './profile-store.ts';
export * from './profiler.ts';
export * from './profiles.ts';
export { KeyProfile, NumberProfile, ShardletProfile } from './shardlet-profile.ts';
