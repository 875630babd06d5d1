/** Every limit of this surface, by name and with its unit; what a client's model has to read is a budget (interfaces 4.2). */
export const mcpLimits = {
  /** Tools in one list. */
  toolsMax: 14,
  toolNameCharsMax: 64,
  descriptionCharsMax: 300,
  /** Names, descriptions and input schemas of one list: what goes into a model's context. */
  toolsBytesMax: 16 * 1024,
  /** The whole answer to `tools/list`. */
  listBytesMax: 40 * 1024,
  /** A result's text repeats its JSON up to this size; what is longer stands in the structured content alone. */
  textBytesMax: 1024,
  /** Rows of a list where the caller does not say. */
  rowsDefault: 20,
  /** Links to resources in one result. */
  linksMax: 20,
  /** Values that one completion offers, of the newest that there are. */
  completionsMax: 100,
  /** Of a request for an agreement: arguments that a question shows, and characters of each. */
  argumentsShownMax: 5,
  shownCharsMax: 200,
  /** How long a person has to answer a question. */
  answerMinutesMax: 10,
  clientCharsMax: 200,
  /** How long lists may be kept by a client. */
  listMsMax: 300_000,
} as const;
