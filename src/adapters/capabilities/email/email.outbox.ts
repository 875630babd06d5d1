import { createTransport } from 'nodemailer';
import { messageOf, type Email } from './email.message.ts';
import { outboxFile, written } from './outbox.file.ts';

/** Writes an email as a file, for somebody to send. Answers its name. */
export const keptInOutbox = async (email: Email, from: string, key: string, folder: string): Promise<string> => {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  const { message } = await transport.sendMail(messageOf(email, from, key));
  if (!Buffer.isBuffer(message)) throw new TypeError('the message was not composed');
  const file = outboxFile(folder, key, 'eml');
  await written(file, message);
  return file;
};
