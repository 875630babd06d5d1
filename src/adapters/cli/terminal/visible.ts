/** Text from elsewhere for a screen: line breaks stay, other control characters could move the cursor or worse. */
export const visible = (text: string): string => text.replaceAll(/[^\P{Cc}\n\t]/gu, '');
