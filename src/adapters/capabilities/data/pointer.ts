/** Why a text is no JSON Pointer (RFC 6901); undefined where it is one. */
export const wrongPointer = (pointer: string): string | undefined => {
  if (pointer !== '' && !pointer.startsWith('/')) return 'a JSON Pointer is empty or begins with a slash';
  return /~(?![01])/.test(pointer) ? 'in a JSON Pointer a tilde is ~0 and a slash ~1' : undefined;
};

const within = (value: unknown, name: string): { readonly value: unknown } | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return /^(?:0|[1-9]\d{0,14})$/.test(name) && Number(name) < items.length
      ? { value: items[Number(name)] }
      : undefined;
  }
  // Only what the value itself says: what all objects inherit is no data.
  return Object.hasOwn(value, name) ? { value: (value as Readonly<Record<string, unknown>>)[name] } : undefined;
};

/** What a JSON Pointer points at, if there is anything. */
export const pointed = (value: unknown, pointer: string): { readonly value: unknown } | undefined => {
  let at: { readonly value: unknown } | undefined = { value };
  for (const part of pointer.split('/').slice(1)) {
    if (at === undefined) return undefined;
    at = within(at.value, part.replaceAll('~1', '/').replaceAll('~0', '~'));
  }
  return at;
};
