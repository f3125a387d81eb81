/** The profiler as an edge runs it: in front of whatever takes events, and a flush behind it. */
import { Profiler, type ProfileSettings } from '@foreshard/core/profiling';
import type { Intake } from '../ingest/intake.ts';
import type { CappedStream } from '../sharing/index.ts';
import { profileFlushing } from './profile-flushing.ts';
import { ProfileObserver } from './profile-observer.ts';

export interface ProfilingParts {
  readonly profileShare: number;
  readonly profileFields: ProfileSettings;
  readonly stream: CappedStream;
  readonly fault: (error: unknown) => void;
  readonly onLost: () => void;
}

export function profiling(parts: ProfilingParts) {
  const { profileShare, profileFields, stream, fault, onLost } = parts;
  const profiler = new Profiler({ share: profileShare, fields: profileFields, random: Math.random });
  return {
    flushing: profileFlushing(profiler, stream, onLost),
    around: (next: { submit(intake: Intake): void }) => new ProfileObserver(profiler, next, fault),
  };
}
