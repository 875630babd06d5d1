import { ProtocolError, ProtocolErrorCode, type Prompt, type PromptMessage } from '@modelcontextprotocol/server';
import type { ProtocolServer } from './protocol.ts';

interface Asked {
  readonly name: string;
  readonly title: string;
  readonly takes: Readonly<Record<string, string>>;
  readonly says: (given: Readonly<Record<string, string>>) => string;
  /** What is to be read for it: links, never the text itself, which would be old when it is read. */
  readonly links: (given: Readonly<Record<string, string>>) => readonly string[];
}

const run = { run_id: 'The id of a run' };
const linksOfRun = ({ run_id = '' }: Readonly<Record<string, string>>): readonly string[] => [
  `acta://runs/${run_id}`,
  `acta://runs/${run_id}/timeline`,
  `acta://streams/run-${run_id}`,
];

const asked: readonly Asked[] = [
  {
    name: 'audit_stream',
    title: 'Answer a question from one stream',
    takes: { stream: 'The name of a stream, like run-0198…', question: 'What is to be found out' },
    says: ({ stream, question }) =>
      `Answer from the events of ${stream} alone: ${question}\nCite each event by its id. Say what the stream does not tell.`,
    links: ({ stream = '' }) => [`acta://streams/${stream}`, `acta://streams/${stream}/state`],
  },
  {
    name: 'calibration_review',
    title: 'How far an agent’s confidence can be trusted',
    takes: { agent_id: 'The id of an agent' },
    says: ({ agent_id }) =>
      `Call calibration_get for the agent ${agent_id}. Say where it is too sure and where it is not sure enough, by how much, and ` +
      'whether there are enough graded decisions to say so.',
    links: ({ agent_id = '' }) => [`acta://agents/${agent_id}`],
  },
  {
    name: 'draft_policy',
    title: 'Draft a policy from the verdicts of late',
    takes: { aim: 'What the policy is to achieve' },
    says: ({ aim }) =>
      `Read the verdicts with verdicts_list, and draft a policy: ${aim}\nTry it with policy_simulate before you show it, and list the ` +
      'verdicts that it would change. Putting it in force is for a person.',
    links: () => ['acta://docs/govern-what-agents-do'],
  },
  {
    name: 'explain_run',
    title: 'Explain a run',
    takes: run,
    says: ({ run_id }) =>
      `Explain the run ${run_id} to somebody who was not there: who wanted it, what it did in which order, who agreed to what, what ` +
      'it cost, how it ended. Cite the events.',
    links: linksOfRun,
  },
  {
    name: 'postmortem',
    title: 'What went wrong in a run',
    takes: run,
    says: ({ run_id }) =>
      `Write what went wrong in the run ${run_id}: the first event that was not as intended, what followed from it, what held, and ` +
      'what would have stopped it earlier. No blame, and nothing that the record does not show.',
    links: linksOfRun,
  },
  {
    name: 'rebuild_plan',
    title: 'Plan the rebuild of a read model',
    takes: { projection: 'The name of a read model' },
    says: ({ projection }) =>
      `Plan the rebuild of ${projection}: how far behind it is, how long it may take, what is compared before the swap, and what tells ` +
      'that it should be called off. Do not begin it.',
    links: () => ['acta://projections', 'acta://docs/change-a-read-model'],
  },
  {
    name: 'review_approval',
    title: 'Evidence for a decision about a request',
    takes: { approval_id: 'The id of a request' },
    says: ({ approval_id }) =>
      `Lay out the request ${approval_id} for the person who decides: what would be done, the evidence for and against it, what was ` +
      'decided about its like before, and which questions are open. End with the questions; recommend nothing.',
    links: ({ approval_id = '' }) => [`acta://approvals/${approval_id}`],
  },
];

const shown = ({ name, title, takes }: Asked): Prompt => ({
  name,
  title,
  arguments: Object.entries(takes).map(([argument, description]) => ({ name: argument, description, required: true })),
});

const message = (content: PromptMessage['content']): PromptMessage => ({ role: 'user', content });

/** What a person can ask a model to do with the record, in words that were thought over once. */
export const servePrompts = (server: ProtocolServer): void => {
  server.setRequestHandler('prompts/list', () => ({ prompts: asked.map(shown) }));
  server.setRequestHandler('prompts/get', ({ params }) => {
    const prompt = asked.find(({ name }) => name === params.name);
    if (prompt === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'there is no such prompt');
    const given = params.arguments ?? {};
    for (const name of Object.keys(prompt.takes))
      if (!given[name]) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${name} is missing`);
    return {
      description: prompt.title,
      messages: [
        message({ type: 'text', text: prompt.says(given) }),
        ...prompt.links(given).map((uri) => message({ type: 'resource_link', uri, name: uri.slice('acta://'.length) })),
      ],
    };
  });
};
