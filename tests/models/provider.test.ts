import { providerBehaviour } from './provider.behaviour.ts';
import { anthropicDialect, ollamaDialect, openaiDialect } from './provider.dialects.ts';

for (const dialect of [anthropicDialect, openaiDialect, ollamaDialect]) providerBehaviour(dialect);
