const colours = { debug: 90, info: 36, warn: 33, error: 31 } as const;
const dim = 90;

const shown = (value: unknown): string => {
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^[^\s"=\p{C}]+$/u.test(value) ? value : JSON.stringify(value);
};

/** What a stranger put into a message must not move the cursor of whoever reads it. */
const inert = (text: string): string => text.replace(/[^\P{Cc}\n\t]/gu, '\ufffd');

/** A line of the journal for the eyes of a person: time, level, event, then the fields. Stacks get lines of their own. */
export const pretty = (line: string): string => {
  const paint = (colour: number, text: string): string => `\u001b[${colour}m${text}\u001b[0m`;
  const { time, level, event, ...fields } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const error = fields['error'] as { readonly stack?: string } | undefined;
  const { stack, ...rest } = typeof error === 'object' ? error : {};
  const members = Object.entries({ ...fields, ...(stack === undefined ? {} : { error: rest }) });
  const clock = String(time).slice(11, 23);
  const colour = colours[level as keyof typeof colours];
  const told = members.map(([name, value]) => ` ${paint(dim, `${name}=`)}${shown(value)}`).join('');
  const trail = stack === undefined ? '' : `\n${inert(stack).replace(/^/gm, '  ')}`;
  return `${paint(dim, clock)} ${paint(colour, String(level).padEnd(5))} ${inert(String(event))}${told}${trail}\n`;
};
