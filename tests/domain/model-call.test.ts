import { describe, expect, it } from 'vitest';
import { callOf } from '../../src/domain/session/model-call.ts';

describe('what is told of a call of a model (D68)', () => {
  it('is whom it asked for how much, and of the talk only how long it was and whose', () => {
    const secret = 'a secret';
    const told = callOf('anthropic', {
      ...{ model: 'm-1', max_tokens: 64 },
      messages: [
        { role: 'user', content: secret },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: secret },
            { type: 'tool_use', id: '1', name: 'find', input: { for: secret } },
          ],
        },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: '1', name: 'find', content: secret, is_error: false }],
        },
      ],
    });
    const chars = 3 * secret.length + '{"for":"a secret"}'.length;
    expect(told).toEqual({
      ...{ provider: 'anthropic', model: 'm-1', max_tokens: 64, temperature: null },
      messages: { count: 3, roles: { user: 2, assistant: 1 }, chars },
    });
    expect(JSON.stringify(told)).not.toContain(secret);
  });
});
