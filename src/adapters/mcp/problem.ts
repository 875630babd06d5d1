import { problem } from '../../problems.ts';
import type { Problem } from '../../domain/kernel/operation.ts';

/** A problem found here, before the server was asked, as the document that the server would have answered with. */
export const documentOf = ({ status, code, title, detail, retryable, more }: Problem): Record<string, unknown> => ({
  ...more,
  type: `/problems/${code}`,
  title,
  status,
  detail,
  code,
  retryable,
});

/** The problem with one argument. */
export const faultIn = (name: string, code: string, message: string): Record<string, unknown> =>
  documentOf(
    problem('validation_failed', `#/${name}: ${message}`, {
      more: { errors: [{ pointer: `#/${name}`, code, message }] },
    }),
  );
