/**
 * Notices as the body of a message: JSON of our own, or what Slack and those that speak like it show
 * (docs.slack.dev, incoming webhooks: `text` for the notification, `blocks` for the message).
 */
import type { Notice } from './notices.ts';
import type { TargetFormat } from './target.ts';

export interface Message {
  readonly title: string;
  readonly body: string;
}

/** More than anybody reads; the count tells of the others. */
const SHOWN_MAX = 20;
/** Slack refuses a section of more than 3,000 and a header of more than 150 characters. */
const SECTION_MAX = 2_900;
const HEADER_MAX = 150;

export interface MessageContext {
  readonly nowMs: number;
  /** where people open the console; undefined: messages carry no links */
  readonly consoleUrl: string | undefined;
}

export function messageOf(
  notices: readonly Notice[],
  format: TargetFormat,
  context: MessageContext,
): Message {
  const [first] = notices;
  const title = notices.length === 1 ? first!.title : `${first!.title}, and ${notices.length - 1} more`;
  const body =
    format === 'slack' ? slackBody(title, notices, context) : plainBody('notices', notices, context);
  return { title, body: JSON.stringify(body) };
}

export function testMessage(format: TargetFormat, context: MessageContext): Message {
  const title = 'Test: this target gets the notices of Foreshard';
  const notice = { level: 'info', title, text: 'Nothing is wrong.', path: '/notifications' } as const;
  const body =
    format === 'slack'
      ? slackBody(title, [notice], context)
      : { ...plainBody('test', [], context), data: { title } };
  return { title, body: JSON.stringify(body) };
}

type NoticeText = Pick<Notice, 'level' | 'title' | 'text' | 'path'>;

/** The envelope that Standard Webhooks recommends. */
function plainBody(type: string, notices: readonly Notice[], { nowMs, consoleUrl }: MessageContext) {
  const shown = notices.slice(0, SHOWN_MAX).map(({ atMs, path, ...notice }) => ({
    ...notice,
    at: new Date(atMs).toISOString(),
    url: linkTo(path, consoleUrl) ?? null,
  }));
  const data = { count: notices.length, notices: shown };
  return { type: `foreshard.${type}`, timestamp: new Date(nowMs).toISOString(), data };
}

const MARKS = {
  info: ':information_source:',
  warn: ':warning:',
  bad: ':red_circle:',
  ok: ':white_check_mark:',
};

function slackBody(title: string, notices: readonly NoticeText[], { consoleUrl }: MessageContext) {
  const more = notices.length - SHOWN_MAX;
  const sections = notices.slice(0, SHOWN_MAX).map(({ level, title, text, path }) => {
    const link = linkTo(path, consoleUrl);
    const name = link === undefined ? `*${escaped(title)}*` : `*<${link}|${escaped(title)}>*`;
    return section(`${MARKS[level]} ${name}\n${escaped(text)}`.slice(0, SECTION_MAX));
  });
  const head = { type: 'header', text: { type: 'plain_text', text: title.slice(0, HEADER_MAX) } };
  const rest = more > 0 ? [section(`and ${more} more`)] : [];
  // a header that repeats the only section says nothing
  return { text: escaped(title), blocks: [...(notices.length > 1 ? [head] : []), ...sections, ...rest] };
}

function section(text: string) {
  return { type: 'section', text: { type: 'mrkdwn', text } };
}

/** The three characters that mean something to Slack. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function linkTo(path: string, consoleUrl: string | undefined): string | undefined {
  return consoleUrl === undefined ? undefined : new URL(path, consoleUrl).href;
}
