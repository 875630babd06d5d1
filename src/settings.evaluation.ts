import { z } from 'zod';
import { httpUrl, setting } from './settings.parts.ts';

/** Who is shown what came of turns and runs. */
export const evaluationSettings = {
  EVALUATION_PROVIDER: setting({
    says: 'Who is told how turns and runs ended, without what was said: noop (nobody) or braintrust. Nothing is decided by it.',
    right: 'noop or braintrust',
    preset: 'noop',
    schema: z.enum(['noop', 'braintrust']),
  }),
  BRAINTRUST_API_KEY: setting({
    says: 'The key for braintrust.',
    right: 'a key without spaces',
    secret: true,
    schema: z.string().regex(/^\S+$/).optional(),
  }),
  BRAINTRUST_API_URL: setting({
    says: 'Where the REST API of Braintrust is spoken.',
    right: 'an address like https://host',
    preset: 'https://api.braintrust.dev',
    schema: httpUrl,
  }),
  BRAINTRUST_PROJECT: setting({
    says: 'The project that traces go to; it is made where there is none.',
    right: 'a name of at most 200 characters',
    preset: 'acta',
    schema: z.string().max(200),
  }),
};
