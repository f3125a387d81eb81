import { type RoleGrant, scopeText } from '@foreshard/core/access';
import { Badge } from '../../components/ui/badge.tsx';

/** Roles in words, with where each holds unless that is everywhere. */
export function RoleList({ roles }: { roles: readonly RoleGrant[] }) {
  if (roles.length === 0) return <span className="text-faint text-xs">no role</span>;
  return (
    <ul className="grid justify-items-start gap-1">
      {roles.map(({ role, scope }) => (
        <li key={`${role} ${scopeText(scope)}`} className="flex flex-wrap items-center gap-x-2">
          <Badge tone={role === 'administrator' ? 'accent' : 'neutral'}>{role}</Badge>
          {Object.keys(scope).length === 0 ? null : (
            <span className="break-words text-soft text-xs">{scopeText(scope)}</span>
          )}
        </li>
      ))}
    </ul>
  );
}
