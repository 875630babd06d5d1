import { exits, type Exit } from '../exits.ts';
import type { Occasion } from '../occasion.ts';
import { render } from '../terminal/render.ts';
import { escaped } from '../terminal/visible.ts';
import { expiryOf, pageOf } from './approval.page.ts';
import { openApprovals, precedentsOf, recheckOf, type Approval } from './approval.shown.ts';
import { changesBetween } from './changes.ts';
import { decide, decisionAsked, isLong, type Vote } from './decision.ts';
import { deskAt, type Desk } from './desk.ts';
import { isGrantable } from './grant.asked.ts';

const pageLines = 24;

type Choice = { readonly vote: Vote; readonly granting: boolean } | 'skip' | 'quit';

const choices: Readonly<Record<string, Choice>> = {
  a: { vote: 'approve', granting: false },
  d: { vote: 'deny', granting: false },
  c: { vote: 'request_changes', granting: false },
  g: { vote: 'approve', granting: true },
  s: 'skip',
  q: 'quit',
};

const count = (n: number): string => `${n} ${n === 1 ? 'request waits' : 'requests wait'} for an agreement`;

/** Writes what is long page by page: the next one comes when the last is said to be read. Otherwise a choice. */
const readThrough = async (lines: readonly string[], paged: boolean, desk: Desk): Promise<'read' | 'skip' | 'quit'> => {
  const { terminal, ask } = desk;
  if (!paged) {
    await terminal.print(lines.join('\n'));
    return 'read';
  }
  for (let from = 0; from < lines.length; from += pageLines) {
    await terminal.print(lines.slice(from, from + pageLines).join('\n'));
    const rest = lines.length - from - pageLines;
    if (rest <= 0) break;
    const answer = (await ask(`— ${rest} more lines: Enter for more, s to skip, q to quit — `))?.trim().toLowerCase();
    if (answer === undefined || answer === 'q') return 'quit';
    if (answer === 's') return 'skip';
  }
  return 'read';
};

const chosen = async (approval: Approval, { ask, terminal }: Desk): Promise<Choice> => {
  const grant = isGrantable(approval) ? '[g]rant…  ' : '';
  for (;;) {
    const answer = await ask(`[a]pprove  [d]eny  [c]hanges  ${grant}[s]kip  [q]uit > `);
    if (answer === null) return 'quit';
    const key = answer.trim().toLowerCase();
    const choice = choices[key];
    if (choice !== undefined && !(key === 'g' && grant === '')) return choice;
    terminal.warn('  one of the letters in brackets');
  }
};

/** One request until it is decided, left for later, or nobody's to decide any more. Answers false where all is left. */
const atHand = async (first: Approval, place: string, desk: Desk): Promise<boolean> => {
  const { terminal, client } = desk;
  let approval = first;
  let isNew = true;
  for (;;) {
    if (isNew) {
      const { approval_id } = approval;
      const [recheck, precedents] = await Promise.all([
        recheckOf(client, approval_id),
        precedentsOf(client, approval_id),
      ]);
      const lines = pageOf({ approval, recheck, precedents }, place, Date.now(), terminal);
      const read = await readThrough(['', ...lines], isLong(approval), desk);
      if (read !== 'read') return read === 'skip';
      isNew = false;
    }
    const choice = await chosen(approval, desk);
    if (choice === 'quit') return false;
    if (choice === 'skip') return true;
    const decision = await decisionAsked(approval, choice, desk);
    if (decision === null) {
      terminal.warn('  not confirmed; nothing was decided');
      continue;
    }
    const outcome = await decide(approval, decision, desk);
    if (outcome.kind === 'recorded') return true;
    if (outcome.kind === 'refused') continue;
    for (const change of changesBetween(approval, outcome.approval)) terminal.warn(`  ! ${change}`);
    if (decision.reason !== '') terminal.warn(`  your reason was: ${escaped(decision.reason)}`);
    if (outcome.approval.status !== 'open') return true;
    ({ approval } = outcome);
    isNew = true;
  }
};

const inTurn = async (open: readonly Approval[], occasion: Occasion): Promise<void> => {
  const desk = deskAt(occasion);
  try {
    desk.terminal.note(count(open.length));
    for (const [index, approval] of open.entries())
      if (!(await atHand(approval, `[${index + 1}/${open.length}]`, desk))) return;
  } finally {
    desk.close();
  }
};

const listColumns = ['approval_id', 'risk_level', 'capability_id', 'expiry', 'agreed', 'quorum', 'headline'];

/** The list, for scripts and for who only looks. */
const listed = async (open: readonly Approval[], { terminal }: Occasion): Promise<void> => {
  const now = Date.now();
  const isForPeople = terminal.form === 'human';
  const rows = open.map((approval) => ({
    ...approval,
    ...(isForPeople ? { expiry: expiryOf(approval, now) } : {}),
  }));
  const columns = isForPeople ? listColumns : listColumns.map((name) => (name === 'expiry' ? 'expires_at' : name));
  await render({ data: rows }, columns, terminal);
  if (isForPeople && open.length > 0)
    terminal.note(`${count(open.length)}; decide with acta approve on a terminal, or acta approvals decide`);
};

/**
 * `acta approve`: goes through the open requests, soonest expiry first, and sends what is decided about exactly what was
 * shown. Off a terminal, with `--no-input` or in a form for programs it only lists them, and answers 7 where something waits
 * (interfaces 5.1).
 */
export const approve = async (occasion: Occasion): Promise<Exit> => {
  const { terminal } = occasion;
  const open = await openApprovals(occasion.client());
  const asks = terminal.interactive && terminal.screen;
  if (!asks) {
    await listed(open, occasion);
    return open.length > 0 ? exits.waiting_for_approval : exits.done;
  }
  if (open.length === 0) terminal.note('nothing waits for an agreement');
  else await inTurn(open, occasion);
  return exits.done;
};
