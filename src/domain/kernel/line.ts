/** Line ends, control characters, and what nobody sees; but not what joins letters, which some scripts cannot do without. */
const unseen = /[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]--[\u200c\u200d]]+/gv;

/** Text of strangers as one line that shows all there is: no line of its own, no hidden word, nothing turned around. */
export const oneLine = (text: string): string => text.replaceAll(unseen, ' ').trim().toWellFormed();
