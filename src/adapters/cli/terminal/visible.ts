/**
 * What a reader cannot see, or what moves what they see: controls, everything of the formats (bidi, zero-width, tags),
 * lone surrogates, private and unassigned characters, line separators, spaces that only look like one, and fillers. The
 * brackets of the token are among them, so that a token in a text is never a text's own.
 */
const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u27e6\u27e7]|(?! )\p{Zs}/gu;

/** What turns or hides text on a screen: controls, directions, tags and the rest that has no width, but the joiners of scripts. */
const turning = /(?!\n|\t|\u200c|\u200d|\ufe0f)[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;

const token = (character: string): string =>
  `⟦U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟧`;

/**
 * Text exactly as it is, for who decides about it (assurance S82): whatever cannot be seen, or would change how the rest is
 * seen, stands as `⟦U+202E⟧`. Different texts look different.
 */
export const escaped = (text: string): string => text.replaceAll(unseen, token);

/** Text from elsewhere for a screen, to be read: line breaks stay; what could move the cursor or turn the text is left out. */
export const visible = (text: string): string => text.replaceAll(turning, '');

/** The same, with what turns or hides text shown as tokens: for one line among others. */
export const marked = (text: string): string => text.replaceAll(turning, token);
