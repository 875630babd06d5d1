/** Every bound of what is taken from an MCP server, which is somebody else's. */

export const pagesMax = 20;
export const toolsMax = 200;
export const toolNameCharsMax = 128;
export const schemaCharsMax = 32_768;
export const schemaDepthMax = 24;
/** Of a description, what a model is shown; the pin covers all of it. */
export const descriptionCharsMax = 1_000;
export const descriptionRawCharsMax = 16_384;
export const messageBytesMax = 4 * 1024 * 1024;
export const resultCharsMax = 65_536;
export const blocksMax = 64;
export const connectMsMax = 10_000;
export const listMsMax = 10_000;
export const callMsMax = 60_000;
