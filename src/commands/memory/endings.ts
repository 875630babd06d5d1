import { z } from 'zod';
import type { Answer, Call, Problem } from '../../domain/kernel/operation.ts';
import { command, type CommandContext } from '../context.ts';
import { problems, reason, scope, tag } from './telling.ts';

/** A word with which something that is remembered comes to an end. */
interface Ending<Command> {
  readonly name: string;
  readonly verb: string;
  readonly summary: string;
  readonly asked: (why: { readonly reason: string; readonly by: string }) => Command;
}

/** What the endings of one noun have in common. */
interface Ended<Command, View> {
  readonly noun: string;
  readonly plural: string;
  readonly id: z.ZodType<string>;
  readonly view: z.ZodType<View>;
  readonly example: { readonly id: string; readonly reason: string };
  readonly done: (context: CommandContext, call: Call, id: string, asked: Command) => Promise<Answer<View> | Problem>;
}

/** The operations that end what is remembered, each with the reason why: `POST /{plural}/{id}/{verb}`. */
export const endingOperations = <Command, View>(
  { noun, plural, id, view, example, done }: Ended<Command, View>,
  endings: readonly Ending<Command>[],
) =>
  endings.map(({ name, verb, summary, asked }) =>
    command<Readonly<Record<string, string>>, View>({
      name,
      kind: 'command',
      summary,
      scope,
      input: z.strictObject({ [`${noun}_id`]: id, reason }),
      output: view,
      http: { method: 'POST', path: `/${plural}/{${noun}_id}/${verb}`, tag },
      cli: `${plural} ${verb}`,
      problems,
      examples: [{ title: 'By id', input: { [`${noun}_id`]: example.id, reason: example.reason } }],
      run: (context, input, call) => {
        const { [`${noun}_id`]: which = '', reason: why = '' } = input;
        return done(context, call, which, asked({ reason: why, by: call.principal.actor }));
      },
    }),
  );
