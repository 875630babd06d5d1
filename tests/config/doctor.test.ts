import { describe, expect, it } from 'vitest';
import { modelCheck } from '../../src/wiring/doctor.ts';

describe('the doctor, of the model', () => {
  it.each([
    [{}, 'warn'],
    [{ provider: 'noop' }, 'warn'],
    [{ provider: 'anthropic' }, 'warn'],
    [{ provider: 'anthropic', anthropic_api_key: 'k' }, 'ok'],
    [{ provider: 'scripted' }, 'ok'],
    [{ provider: 'oracle' }, 'fail'],
  ])('%j is %s', (model, verdict) => {
    expect(modelCheck({ model })).toMatchObject({ verdict });
  });
});
