/** The `foreshard` command. */
import { outliveReaders, writtenOut } from './output.ts';
import { runForeshard } from './program.ts';

outliveReaders();
process.exitCode = await runForeshard(process.argv);
await writtenOut();
// what a command has broken off (a start that was ended half-way) may still have timers and connections
process.exit();
