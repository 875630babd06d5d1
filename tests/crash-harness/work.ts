import type { Ledger } from './ledger.ts';
import { asks, chosen, history, type Json } from './client.ts';
import { kinds, planOf, type PlanKind } from './plans.ts';

/** A directive that the harness wants; what it is called in the log is known once a node has answered. */
export interface Wanted {
  readonly name: string;
  readonly kind: PlanKind;
  id: string | undefined;
  run_id: string | undefined;
  over: boolean;
}

const runOver = new Set(['RunCompleted', 'RunFailed', 'RunCanceled']);
const directiveOver = new Set(['DirectiveCompleted', 'DirectiveAborted', 'DirectiveBlocked']);

/** Which step of a run has an outcome that nobody knows, by its history. */
export const unknownStep = (events: readonly Json[]): string | undefined => {
  const open = new Set<string>();
  for (const { type, data } of events) {
    if (type === 'StepOutcomeUnknown') open.add(data.step_id);
    if (type === 'StepOutcomeResolved') open.delete(data.step_id);
  }
  return [...open][0];
};

/** Whoever calls the node: wants things done, decides on what it is asked, and says what became of what nobody knows. */
export const workload = (ledger: Ledger, seed: number) => {
  const wanted: Wanted[] = [];

  const propose = async (url: string, each: Wanted): Promise<void> => {
    const steps = planOf(each.kind, each.name, ledger.url);
    const { status, body } = await asks(url, '/directives', {
      body: {
        status: 'proposed',
        objective: each.name,
        steps,
        retry: { attempts_max: 3, first_ms: 10, longest_ms: 50 },
      },
      headers: { 'idempotency-key': `${seed}-${each.name}` },
    });
    if (status === 202) each.id = body.directive_id;
    else if (status !== 0 && status !== 409 && status < 500) throw new Error(`${each.name}: ${JSON.stringify(body)}`);
  };

  /** Agrees to nearly everything; what is denied is so in every life. */
  const decide = async (url: string): Promise<void> => {
    const { status, body } = await asks(url, '/approvals?status=open&limit=100');
    if (status !== 200) return;
    for (const { approval_id, action_digest, revision, directive_id, step_id } of body.data) {
      const name = wanted.find(({ id }) => id === directive_id)?.name ?? '';
      const decision = chosen(`${name}.${step_id}`, ['approve', 'approve', 'approve', 'deny']);
      await asks(url, `/approvals/${approval_id}/decision`, {
        body: { decision, reason: 'the harness', action_digest },
        headers: { 'if-match': `"${revision}"`, 'idempotency-key': `${seed}-${approval_id}` },
      });
    }
  };

  const attendTo = async (url: string, each: Wanted): Promise<void> => {
    const directive = await history(url, `directive-${each.id}`);
    if (directive === undefined) return;
    each.run_id ??= directive.find(({ type }) => type === 'DirectiveDispatched')?.data.run_id;
    if (directive.some(({ type }) => directiveOver.has(type))) each.over = true;
    if (each.run_id === undefined || each.over) return;
    const run = (await history(url, `run-${each.run_id}`)) ?? [];
    const step_id = unknownStep(run);
    if (step_id === undefined || run.some(({ type }) => runOver.has(type))) return;
    const answer = chosen(`${each.name}.${step_id}.unknown`, ['done', 'not_done', 'retry']);
    await asks(url, `/runs/${each.run_id}/steps/${step_id}/outcome`, {
      body: { answer, result: { effect: 'by a person' }, reason: 'the harness has looked' },
    });
  };

  return {
    wanted: wanted as readonly Wanted[],
    want: (kind: PlanKind = kinds[wanted.length % kinds.length] ?? 'pay'): void =>
      void wanted.push({ name: `d${wanted.length}`, kind, id: undefined, run_id: undefined, over: false }),
    /** One round of everything that a caller does. */
    round: async (url: string): Promise<void> => {
      for (const each of wanted) if (each.id === undefined) await propose(url, each);
      await decide(url);
      for (const each of wanted) if (each.id !== undefined && !each.over) await attendTo(url, each);
    },
    /** A budget over everything, with room for all of it. */
    budget: (url: string) =>
      asks(url, '/budgets', {
        body: { scope: { kind: 'tenant' }, period: 'total', limit_micros: 1_000_000_000, on_breach: 'refuse' },
        headers: { 'idempotency-key': `${seed}-budget` },
      }),
  };
};
export type Workload = ReturnType<typeof workload>;
