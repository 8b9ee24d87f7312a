/** The engine of DynamoDB in a process of its own; tells its parent where it is. */
import { startDynalite } from '../../local/dynalite.ts';

const { endpoint } = await startDynalite({ table: 'bench' });
process.send?.({ endpoint });
