import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config.ts';
import { modelCheck } from '../../src/wiring/doctor.ts';

describe('the doctor, of the model', () => {
  it.each<[Config['model'], string]>([
    [{}, 'warn'],
    [{ provider: 'noop' }, 'warn'],
    [{ provider: 'anthropic' }, 'warn'],
    [{ provider: 'anthropic', anthropic_api_key: 'k' }, 'ok'],
    [{ provider: 'openai' }, 'warn'],
    [{ provider: 'openai', openai_api_key: 'k' }, 'ok'],
    [{ provider: 'ollama' }, 'ok'],
    [{ provider: 'ollama', fallback_provider: 'anthropic' }, 'warn'],
    [{ provider: 'ollama', fallback_provider: 'anthropic', anthropic_api_key: 'k' }, 'ok'],
    [{ provider: 'ollama', fallback_provider: 'ollama' }, 'fail'],
    [{ provider: 'scripted' }, 'ok'],
    [{ provider: 'oracle' }, 'fail'],
  ])('%j is %s', (model, verdict) => {
    expect(modelCheck({ model })).toMatchObject({ verdict });
  });
});
