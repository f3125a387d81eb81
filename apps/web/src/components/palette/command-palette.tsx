'use client';

/** Ctrl-K or Cmd-K: every page, host, stream and shardlet, and what is often done, by typing a part of its name. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Command } from 'cmdk';
import { Blocks, Clock, type LucideIcon, Moon, Pause, Search, Server, Waypoints } from 'lucide-react';
import type { Route } from 'next';
import { useRouter } from 'next/navigation';
import { useTheme } from 'next-themes';
import { type ReactNode, useEffect, useState } from 'react';
import { useTRPC } from '../api.ts';
import { mayLeave } from '../leaving.tsx';
import { useLive } from '../live/live-provider.tsx';
import { usePages } from '../shell/pages.ts';
import { Button } from '../ui/button.tsx';
import { useZone, zoneAfter } from '../zone.tsx';

export function CommandPalette() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setOpen((was) => !was);
    }
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
  return (
    <>
      <Button
        look="quiet"
        onClick={() => setOpen(true)}
        aria-label="Search and commands, Ctrl K"
        aria-keyshortcuts="Control+K"
      >
        <Search /> <kbd className="font-mono text-faint text-xs max-md:hidden">Ctrl K</kbd>
      </Button>
      <Command.Dialog
        open={open}
        onOpenChange={setOpen}
        label="Search and commands"
        overlayClassName="fixed inset-0 z-40 animate-fade bg-black/40"
        contentClassName="fixed top-[12vh] left-1/2 z-50 w-[min(36rem,calc(100vw-2rem))] -translate-x-1/2 animate-fade overflow-hidden rounded-lg border border-line bg-surface shadow-raised"
      >
        {open ? <Choices onDone={() => setOpen(false)} /> : null}
      </Command.Dialog>
    </>
  );
}

function Choices({ onDone }: { onDone(): void }) {
  const trpc = useTRPC();
  const router = useRouter();
  const pages = usePages();
  const [text, setText] = useState('');
  const found = useQuery({
    ...trpc.palette.find.queryOptions({ text }),
    placeholderData: keepPreviousData,
  });
  const go = (href: string) => () => {
    onDone();
    if (mayLeave(href)) router.push(href as Route);
  };
  const { hosts = [], streams = [], shardlet = null } = found.data ?? {};
  return (
    <>
      <Command.Input
        value={text}
        onValueChange={setText}
        placeholder="A page, a host, a stream, or the id of a shardlet"
        className="h-12 w-full border-line border-b bg-transparent px-4 text-base outline-none placeholder:text-faint"
      />
      <Command.List className="max-h-[min(24rem,60vh)] overflow-y-auto p-2">
        <Command.Empty className="px-3 py-8 text-center text-soft text-sm">
          Nothing is called so.
        </Command.Empty>
        {shardlet === null ? null : (
          <Group heading="Shardlet">
            <Choice
              icon={Blocks}
              value={`shardlet ${shardlet.id} #${shardlet.id}`}
              onSelect={go(`/map?at=${shardlet.id}&host=${encodeURIComponent(shardlet.owner)}`)}
            >
              {shardlet.id} of {shardlet.stream} on {shardlet.owner}: on the map
            </Choice>
            <Choice
              icon={Blocks}
              value={`events of shardlet ${shardlet.id} #${shardlet.id}`}
              onSelect={go(`/events?stream=${encodeURIComponent(shardlet.stream)}&shardlet=${shardlet.id}`)}
            >
              {shardlet.id}: its events
            </Choice>
          </Group>
        )}
        <Group heading="Pages">
          {pages.map(({ href, name, icon }) => (
            <Choice key={href} icon={icon} value={`page ${name}`} onSelect={go(href)}>
              {name}
            </Choice>
          ))}
        </Group>
        {text === '' ? null : (
          <>
            <Group heading="Hosts">
              {hosts.map((name) => (
                <Choice
                  key={name}
                  icon={Server}
                  value={`host ${name}`}
                  onSelect={go(`/hosts?q=${encodeURIComponent(name)}`)}
                >
                  {name}
                </Choice>
              ))}
            </Group>
            <Group heading="Streams">
              {streams.map((name) => (
                <Choice
                  key={name}
                  icon={Waypoints}
                  value={`stream ${name}`}
                  onSelect={go(`/heat?stream=${encodeURIComponent(name)}`)}
                >
                  {name}: its heat map
                </Choice>
              ))}
            </Group>
          </>
        )}
        <Actions onDone={onDone} />
      </Command.List>
    </>
  );
}

function Actions({ onDone }: { onDone(): void }) {
  const { resolvedTheme, setTheme } = useTheme();
  const { zone, setZone } = useZone();
  const { status, setPaused } = useLive();
  const act = (action: () => void) => () => {
    action();
    onDone();
  };
  return (
    <Group heading="Actions">
      <Choice
        icon={Pause}
        value="pause resume live picture"
        onSelect={act(() => setPaused(status !== 'paused'))}
      >
        {status === 'paused' ? 'Resume' : 'Pause'} the live picture
      </Choice>
      <Choice
        icon={Moon}
        value="theme light dark colours"
        onSelect={act(() => setTheme(resolvedTheme === 'dark' ? 'light' : 'dark'))}
      >
        {resolvedTheme === 'dark' ? 'Light' : 'Dark'} colours
      </Choice>
      <Choice
        icon={Clock}
        value="time zone utc local relative ago"
        onSelect={act(() => setZone(zoneAfter(zone)))}
      >
        Times: {zoneAfter(zone) === 'utc' ? 'UTC' : zoneAfter(zone) === 'local' ? 'local' : 'how long ago'}
      </Choice>
    </Group>
  );
}

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:text-faint"
    >
      {children}
    </Command.Group>
  );
}

function Choice({
  icon: Icon,
  value,
  onSelect,
  children,
}: {
  icon: LucideIcon;
  value: string;
  onSelect(): void;
  children: ReactNode;
}) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="flex h-9 cursor-pointer items-center gap-3 rounded-md px-2.5 text-sm text-soft data-[selected=true]:bg-accent-soft data-[selected=true]:text-accent"
    >
      <Icon aria-hidden className="size-4" /> {children}
    </Command.Item>
  );
}
