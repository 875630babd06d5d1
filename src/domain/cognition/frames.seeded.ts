import type { Frame, SectionBudgets } from './frames.ts';

/** What a frame has room for that says nothing else (requirements N115). */
const budgets: SectionBudgets = {
  censors: 300,
  frame: 500,
  working_memory: 700,
  decisions: 2_000,
  facts: 1_500,
  procedures: 1_500,
  episodes: 1_000,
};

const room = (decisions: number, facts: number, procedures: number, episodes: number): SectionBudgets => ({
  ...budgets,
  decisions,
  facts,
  procedures,
  episodes,
});

/** The frames that every agent has (requirements N110, N112, N116). An agent's own of the same id takes the place of one. */
export const seededFrames: readonly Frame[] = [
  {
    frame_id: 'decision',
    name: 'Decision Making',
    description: 'Something is to be chosen, and the choice will be judged by how it comes out',
    activation_patterns: ['should', 'choose', 'decide', 'decision', 'compare', 'trade-off', 'tradeoff'],
    default_category: 'architecture',
    default_stakes: 'high',
    questions_to_ask: [
      'What are the options, the one of doing nothing among them?',
      'What would show in a month that this was wrong?',
      'How sure are you, as a number?',
    ],
    precedence: 60,
    deliberates: true,
    budgets: room(3_000, 2_000, 2_000, 1_000),
  },
  {
    frame_id: 'debug',
    name: 'Debug',
    description: 'Something does not work as it should',
    activation_patterns: ['error', 'bug', 'broken', 'failing', 'crash', 'wrong'],
    default_category: 'tooling',
    default_stakes: 'medium',
    questions_to_ask: [
      'What exactly was seen, and what was expected?',
      'What changed since it last worked?',
      'Which guess can be ruled out at the least cost?',
    ],
    precedence: 50,
    deliberates: true,
    budgets: room(1_500, 1_000, 2_500, 1_000),
  },
  {
    frame_id: 'task',
    name: 'Task Execution',
    description: 'Something is to be done',
    activation_patterns: [
      ...['build', 'fix', 'create', 'implement', 'deploy'],
      ...['run', 'execute', 'check', 'show', 'list', 'install', 'update', 'delete', 'move', 'copy'],
    ],
    default_category: 'tooling',
    default_stakes: 'medium',
    questions_to_ask: ['When is it done, and who can tell?', 'What cannot be undone?'],
    precedence: 40,
    deliberates: true,
    budgets,
  },
  {
    frame_id: 'question',
    name: 'Question Answering',
    description: 'Something is to be known',
    activation_patterns: ['what', 'how', 'why', 'explain', 'tell me'],
    default_category: 'process',
    default_stakes: 'low',
    questions_to_ask: ['Is it known, or guessed?'],
    precedence: 30,
    deliberates: false,
    budgets: room(1_000, 1_500, 500, 500),
  },
  {
    frame_id: 'creative',
    name: 'Creative',
    description: 'Something new is looked for',
    activation_patterns: ['imagine', 'brainstorm', 'what if', 'design', 'explore'],
    default_category: 'architecture',
    default_stakes: 'low',
    questions_to_ask: ['What would be the opposite?', 'Which rule could be dropped?'],
    precedence: 20,
    deliberates: false,
    budgets: { ...room(1_000, 1_500, 500, 500), censors: 100 },
  },
  {
    frame_id: 'conversation',
    name: 'Conversation',
    description: 'People talk',
    activation_patterns: ['hello', 'hi', 'thanks', 'how are you'],
    default_category: 'process',
    default_stakes: 'low',
    questions_to_ask: [],
    precedence: 10,
    deliberates: false,
    budgets: room(500, 500, 0, 0),
  },
];
