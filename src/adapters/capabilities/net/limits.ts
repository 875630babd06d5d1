/** Every bound of what goes out over HTTP, in one place. */

export const urlCharsMax = 2_048;
export const redirectsMax = 5;
/** What an answer may weigh, as it comes and again as it is unpacked. */
export const bodyBytesMax = 5 * 1024 * 1024;
export const headerBytesMax = 16 * 1024;
export const headersMax = 64;
export const headerValueCharsMax = 2_000;
export const connectMsMax = 5_000;
export const totalMsMax = 30_000;
export const addressesTriedMax = 4;
/** What is sent is recorded as arguments; larger things are artifacts. */
export const sentCharsMax = 65_536;
/** What of an answer goes into a result where nobody asks for more, and where somebody does (requirements A42). */
export const resultCharsDefault = 1_000;
export const resultCharsMax = 65_536;
