import { describe, expect, it } from 'vitest';
import { idInput } from '../../src/domain/kernel/id.input.ts';
import { categoryOf, derived, idOf, isUuid, streamOf, uuidv5 } from '../../src/domain/kernel/ids.ts';

const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
const uuid = '0198d7a0-0000-7000-8000-000000000001';

describe('an id derived from a name', () => {
  it('is the UUIDv5 of RFC 9562', () => {
    expect(uuidv5(dns, 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
    expect(uuidv5(dns, 'python.org')).toBe('886313e1-3b8a-5372-9b90-0c9aee199e5d');
    expect(uuidv5(dns.toUpperCase(), 'python.org')).toBe('886313e1-3b8a-5372-9b90-0c9aee199e5d');
  });
  it('never changes: ids in recorded logs were derived so', () => {
    expect(derived('turn', 'a')).toBe('a931a1a7-cb1f-58ed-af93-0fc3d2b4ed22');
  });
  it('tells its parts apart', () => {
    expect(derived('a', 'b', 1)).toBe(derived('a', 'b', 1));
    expect(new Set([derived('ab'), derived('a', 'b'), derived('b', 'a'), derived('a', 'b', 0)]).size).toBe(4);
    expect(isUuid(derived('a'))).toBe(true);
  });
});

describe('a stream', () => {
  it('is named after its noun and its id', () => {
    expect(streamOf('agent', uuid)).toBe(`agent-${uuid}`);
    expect(categoryOf(`agent-${uuid}`)).toBe('agent');
    expect(idOf(`agent-${uuid}`)).toBe(uuid);
    expect(categoryOf('agent')).toBe('agent');
  });
});

describe('an id as a caller writes it', () => {
  const agent = idInput('agent');
  it('is a UUID, alone or behind its noun, in any case', () => {
    for (const text of [uuid, `agent-${uuid}`, uuid.toUpperCase(), `AGENT-${uuid}`])
      expect(agent.parse(text)).toBe(uuid);
  });
  it('of another noun is told apart from text that is no id', () => {
    expect(agent.safeParse(`session-${uuid}`).error?.issues).toMatchObject([
      { params: { problem: 'wrong_id_kind' }, message: 'this is an id of the kind session, not agent' },
    ]);
    for (const text of ['', 'agent-', 'agent', 'x'.repeat(101), `${uuid}0`, `agent-${uuid} `]) {
      const { success, error } = agent.safeParse(text);
      expect(success).toBe(false);
      expect(error?.issues[0]).not.toHaveProperty('params');
    }
  });
});
