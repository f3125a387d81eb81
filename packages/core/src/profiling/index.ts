export { Moments } from './moments.ts';
export { type ProfileSettings, profileSettingsSchema } from './profile-fields.ts';
export * from './profile-store.ts';
export * from './profiler.ts';
export * from './profiles.ts';
export { KeyProfile, NumberProfile, ShardletProfile } from './shardlet-profile.ts';
