import type { Journal } from '../../src/ports.ts';

export interface QuietJournal extends Journal {
  readonly told: readonly { readonly level: string; readonly event: string; readonly fields: unknown }[];
}

/** A journal that says nothing, and can be asked what it was told. */
export const quietJournal = (): QuietJournal => {
  const told: { level: string; event: string; fields: unknown }[] = [];
  const at = (level: string) => (event: string, fields?: unknown) => void told.push({ level, event, fields });
  return { told, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
};
