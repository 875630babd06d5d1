const quote = 0x22;
const backslash = 0x5c;

/** Where the string that begins before `from` ends: at the first quote with an even number of backslashes before it. */
const endOfString = (text: string, from: number): number => {
  for (let end = text.indexOf('"', from); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (before >= from && text.charCodeAt(before) === backslash) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
};

/**
 * Whether arrays and objects nest deeper than allowed, found in one pass without recursion and before anything is built:
 * whatever walks a body afterwards may recurse safely (assurance F55).
 */
export const isDeeper = (text: string, depthMax: number): boolean => {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case quote:
        index = endOfString(text, index + 1);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        if (depth > depthMax) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
      default:
    }
  }
  return false;
};

/** The same of a value that is built already; it goes no deeper itself than allowed. */
export const isDeeperValue = (value: unknown, depthMax: number): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (depthMax === 0) return true;
  return Object.values(value).some((member) => isDeeperValue(member, depthMax - 1));
};

/** Levels of what others wrote into the log: what is deeper goes through as bytes, so that no reader runs out of stack. */
export const storedDepthMax = 256;
