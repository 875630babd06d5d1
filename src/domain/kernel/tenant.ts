const tenantOfOthers = 'default';

/** Whose an event is. What other writers recorded names nobody, and is shown to those of the tenant `default`. */
export const tenantOf = ({ metadata }: { readonly metadata: Readonly<Record<string, string>> }): string =>
  metadata['tenant'] ?? tenantOfOthers;
