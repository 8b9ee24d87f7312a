import { watchReplies } from './reply-size.ts';

watchReplies();
