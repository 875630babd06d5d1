import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frame, framesOf, selectFrame } from '../../../src/domain/cognition/frames.ts';
import { seededFrames } from '../../../src/domain/cognition/frames.seeded.ts';

const chosen = (text: string, frames = seededFrames) => selectFrame(frames, text)?.selection;

describe('the frame of a message', () => {
  it.each([
    ['Should we choose Postgres?', 'decision', 0.6],
    ['The build is broken, there is an error', 'debug', 0.6],
    ['please deploy it', 'task', 0.3],
    ['Tell me, why?', 'question', 0.6],
    ['imagine a city', 'creative', 0.3],
    ['Hello!', 'conversation', 0.3],
  ])('of “%s” is %s', (text, frame_id, confidence) => {
    expect(chosen(text)).toMatchObject({ frame_id, confidence, match_method: 'pattern' });
  });
  it('is conversation where nothing was hit, and that is said', () => {
    expect(chosen('Ponies.')).toEqual({
      frame_id: 'conversation',
      frame_name: 'Conversation',
      confidence: 0,
      match_method: 'default',
    });
  });
  it('looks for single words among the words, and for several as they stand', () => {
    expect(chosen('shouldering burdens')).toMatchObject({ match_method: 'default' });
    expect(chosen('the trade-off, mind')).toMatchObject({ frame_id: 'decision' });
    expect(chosen('so tell me')).toMatchObject({ frame_id: 'question' });
    expect(chosen('tell him and me')).toMatchObject({ match_method: 'default' });
  });
  it('is the higher one of two that were hit as often: decision, debug, task, question, creative, conversation', () => {
    expect(chosen('should it crash')).toMatchObject({ frame_id: 'decision' });
    expect(chosen('deploy the crash')).toMatchObject({ frame_id: 'debug' });
    expect(chosen('what to deploy')).toMatchObject({ frame_id: 'task' });
    expect(chosen('what to imagine')).toMatchObject({ frame_id: 'question' });
    expect(chosen('hello, imagine')).toMatchObject({ frame_id: 'creative' });
  });
  it('is no surer than sure', () => {
    expect(chosen('error bug broken failing crash wrong')).toMatchObject({ frame_id: 'debug', confidence: 1 });
  });
  it('may be one of the agent’s own, beside the seeded ones or in place of one', () => {
    const [first] = seededFrames;
    if (first === undefined) throw new Error('there are frames');
    const refund = { ...first, frame_id: 'refund', activation_patterns: ['refund'], precedence: 70 };
    const frames = framesOf(seededFrames, [refund, { ...first, activation_patterns: ['verdict'] }]);
    expect(frames).toHaveLength(seededFrames.length + 1);
    expect(chosen('a refund, please', frames)).toMatchObject({ frame_id: 'refund' });
    expect(chosen('should we?', frames)).toMatchObject({ match_method: 'default' });
    expect(chosen('the verdict', frames)).toMatchObject({ frame_id: 'decision' });
  });
  it('is always one, whatever is said, and the same each time', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(chosen(text)).toEqual(chosen(text));
        expect(seededFrames.map(({ frame_id }) => frame_id)).toContain(chosen(text)?.frame_id);
      }),
    );
  });
  it('has frames that parse, each of its own precedence', () => {
    for (const frame of seededFrames) expect(Frame.parse(frame)).toEqual(frame);
    expect(new Set(seededFrames.map(({ precedence }) => precedence)).size).toBe(seededFrames.length);
  });
});
