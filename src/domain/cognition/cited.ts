import type { CensorEvent } from '../censor/censor.events.ts';
import { isAbandoned, type DecisionEvent } from '../decision/decision.events.ts';
import type { EpisodeEvent } from '../episode/episode.events.ts';
import type { FactEvent } from '../fact/fact.events.ts';
import type { ProcedureEvent } from '../procedure/procedure.events.ts';
import { censorLine, decisionLine, episodeLine, factLine, procedureLine } from './lines.ts';

/** What a memory item says in a context: its line, and whether it still holds. */
export interface Saying {
  readonly line: string;
  readonly active: boolean;
}

interface Held<Said> {
  readonly said: Said | null;
  readonly active: boolean;
}

const unheld = { said: null, active: false };

/** What is said is said by the event with which an item begins; later ones change it, end it, or let it be forgotten. */
interface Telling<Said, Ev> {
  readonly evolve: (held: Held<Said>, event: Ev) => Held<Said>;
  readonly line: (said: Said, active: boolean) => string;
}

const changed = <Said>(held: Held<Said>, change: Partial<Said>): Held<Said> =>
  held.said === null ? held : { ...held, said: { ...held.said, ...change } };

const ended = <Said>({ said }: Held<Said>): Held<Said> => ({ said, active: false });

const decisions: Telling<Parameters<typeof decisionLine>[0], DecisionEvent> = {
  line: decisionLine,
  evolve: (held, { type, data }) => {
    switch (type) {
      case 'DecisionRecorded': {
        const { description, confidence } = data;
        return { said: { outcome: 'pending', description, confidence }, active: true };
      }
      case 'DecisionUpdated':
        return changed(held, { description: data.description, confidence: data.confidence });
      case 'DecisionReviewed':
        return { ...changed(held, { outcome: data.outcome }), active: !isAbandoned(data) };
      default:
        return held;
    }
  },
};

const facts: Telling<Omit<Parameters<typeof factLine>[0], 'active'>, FactEvent> = {
  line: (said, active) => factLine({ ...said, active }),
  evolve: (held, { type, data }) => {
    switch (type) {
      case 'FactLearned': {
        const { content, confidence } = data;
        return { said: { content, confidence }, active: true };
      }
      case 'FactContradicted':
        return changed(held, { confidence: data.confidence_after });
      case 'FactSuperseded':
      case 'FactDeactivated':
        return ended(held);
      case 'FactForgotten':
        return unheld;
      default:
        return held;
    }
  },
};

const procedures: Telling<Parameters<typeof procedureLine>[0], ProcedureEvent> = {
  line: procedureLine,
  evolve: (held, { type, data }) => {
    switch (type) {
      case 'ProcedureStored': {
        const { name, domain, description } = data;
        return { said: { name, domain, description }, active: true };
      }
      case 'ProcedureRetired':
        return ended(held);
      case 'ProcedureForgotten':
        return unheld;
      default:
        return held;
    }
  },
};

const episodes: Telling<Parameters<typeof episodeLine>[0], EpisodeEvent> = {
  line: episodeLine,
  evolve: (held, { type, data }) => {
    switch (type) {
      case 'EpisodeStarted': {
        const { title, summary, at: started_at } = data;
        return { said: { outcome: 'ongoing', summary: title ?? summary, started_at }, active: true };
      }
      case 'EpisodeEnded':
        return changed(held, { outcome: data.outcome });
      case 'EpisodeDeactivated':
        return ended(held);
      case 'EpisodeForgotten':
        return unheld;
      default:
        return held;
    }
  },
};

const censors: Telling<Parameters<typeof censorLine>[0], CensorEvent> = {
  line: censorLine,
  evolve: (held, { type, data }) => {
    switch (type) {
      case 'CensorCreated': {
        const { trigger, reason, action, origin } = data;
        return { said: { trigger, reason, action, origin }, active: true };
      }
      case 'CensorEscalated':
        return changed(held, { action: data.to });
      case 'CensorLifted':
        return ended(held);
      case 'CensorForgotten':
        return unheld;
      default:
        return held;
    }
  },
};

const tellings = {
  decision: decisions,
  fact: facts,
  procedure: procedures,
  episode: episodes,
  censor: censors,
} as const;
export type CitedKind = keyof typeof tellings;

/**
 * What an item says after these events of its stream, oldest first; undefined where there is none, or it was forgotten. The
 * same events always say the same, so a context can be written again from the record that cites them.
 */
export const saying = (
  kind: CitedKind,
  events: readonly { readonly type: string; readonly data: unknown }[],
): Saying | undefined => {
  const { evolve, line } = tellings[kind] as unknown as Telling<never, unknown>;
  let held: Held<never> = unheld;
  for (const event of events) held = evolve(held, event);
  const { said, active } = held;
  return said === null ? undefined : { line: line(said, active), active };
};
