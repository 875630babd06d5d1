/** A part of what was said to a model or by one: text, a tool that it wanted, or what came of it. */
export type Block =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: unknown }
  | {
      readonly type: 'tool_result';
      readonly tool_use_id: string;
      readonly name: string;
      readonly content: string;
      readonly is_error: boolean;
    };

export interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: string | readonly Block[];
}
