/** Every bound of the sandboxes, in one place. What is beyond one is refused or cut, and says so. */

export const codeCharsMax = 256 * 1024;
export const inputCharsMax = 1024 * 1024;
export const resultCharsMax = 1024 * 1024;
export const messageCharsMax = 500;

/** Less than this neither engine can start with; more than this no script of ours needs. */
export const memoryBytesMin = 8 * 1024 * 1024;
export const memoryBytesMax = 512 * 1024 * 1024;
/** Beyond it QuickJS says so itself; V8, which runs its WebAssembly, would end at about twice as much. */
export const stackBytesMax = 128 * 1024;
export const timeoutMsMax = 60_000;

/** Processes that run scripts at the same time, and calls that wait for one of them. */
export const childrenMax = 4;
export const waitingMax = 256;
/** A process that has not answered so long after its script's time is killed. */
export const graceMs = 1_000;
/** Starting Node and loading an engine on a busy machine. */
export const startMsMax = 20_000;

/** What a command may use, whatever it asks for. Its memory is private, writable memory, of each of its processes. */
export const commandMemoryBytesMax = 2 * 1024 * 1024 * 1024;
export const commandFileBytesMax = 256 * 1024 * 1024;
export const commandFilesOpenMax = 256;
export const commandProcessesMax = 128;
export const privateBytesMax = 64 * 1024 * 1024;
export const argsMax = 256;
export const argsBytesMax = 128 * 1024;
