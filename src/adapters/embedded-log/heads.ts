import type { Database } from './database.ts';
import { headsMax } from './limits.ts';
import { createRecall } from './recall.ts';
import { tombstoneRevision } from './storage.ts';
import {
  describedBy,
  isMetadataStream,
  metadataStreamOf,
  metadataStreamSettings,
  noSettings,
  settingsIn,
  type StreamSettings,
} from './stream.settings.ts';
import { intact } from './verification.ts';

/** What is known of a stream: its number, once it has one, and its last revision, -1 for none. */
export interface StreamHead {
  readonly sid: number | undefined;
  readonly last: number;
}

/** The streams' heads as the group being built sees them: in memory, and from the database where memory forgot. */
export interface Heads {
  /** A metadata stream is tombstoned with the stream it describes. */
  readonly get: (stream: string) => StreamHead;
  readonly put: (stream: string, head: StreamHead) => void;
  readonly settings: (stream: string) => StreamSettings;
  readonly forgetAll: () => void;
}

export const createHeads = (db: Database): Heads => {
  const heads = createRecall<StreamHead>(headsMax);
  const settings = createRecall<StreamSettings>(headsMax);

  const load = (stream: string): StreamHead => {
    const sid = db.streamId(stream);
    return { sid, last: sid === undefined ? -1 : (db.lastRevision(sid) ?? -1) };
  };

  const own = (stream: string): StreamHead => {
    const known = heads.get(stream);
    if (known !== undefined) return known;
    const head = load(stream);
    heads.put(stream, head);
    return head;
  };

  const get = (stream: string): StreamHead => {
    const head = own(stream);
    const gone = isMetadataStream(stream) && get(describedBy(stream)).last === tombstoneRevision;
    return gone ? { ...head, last: tombstoneRevision } : head;
  };

  const loadSettings = (stream: string): StreamSettings => {
    if (isMetadataStream(stream)) return metadataStreamSettings;
    const { sid, last } = get(metadataStreamOf(stream));
    if (sid === undefined || last < 0 || last === tombstoneRevision) return noSettings;
    const row = db.at(sid, last);
    const record = row && intact(row);
    return record?.is_json === true ? settingsIn(record.data) : noSettings;
  };

  return {
    get,
    put: (stream, head) => {
      heads.put(stream, head);
      if (isMetadataStream(stream)) settings.forget(describedBy(stream));
    },
    settings: (stream) => {
      const known = settings.get(stream);
      if (known !== undefined) return known;
      const loaded = loadSettings(stream);
      settings.put(stream, loaded);
      return loaded;
    },
    forgetAll: () => {
      heads.forgetAll();
      settings.forgetAll();
    },
  };
};
