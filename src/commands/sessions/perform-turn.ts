import { sessionProcess } from '../../domain/session/session.process.ts';
import type { Model } from '../../ports.ts';
import { concluded } from '../cognition/conclude.ts';
import { contextOf } from '../cognition/context.ts';
import type { Mind } from '../cognition/mind.ts';
import { afterTurn } from '../cognition/post-turn.ts';
import { reflectUpon } from '../cognition/reflect.ts';
import { remember } from '../cognition/remember.ts';
import { promptCache } from '../cognition/system-prompt.ts';
import { kind, type Kind } from '../kind.ts';
import type { Output } from '../output.ts';
import { modelCall } from './perform-model-call.ts';
import { proposeFor } from './perform-tool-call.ts';

/** The session's process joined with what performs it. */
export const sessionKind = (
  mind: Mind,
  { model, spoken }: { readonly model: Model; readonly spoken: Output },
): Kind => {
  const prompts = promptCache();
  return kind('session', 'session', sessionProcess, {
    context: contextOf(mind, prompts),
    model: modelCall(mind, model, spoken, prompts),
    propose: proposeFor(mind),
    remember: remember(mind),
    post_turn: afterTurn(mind.engine, spoken),
    reflect: reflectUpon(mind, model),
    conclude: concluded(mind),
  });
};
