/** The `foreshard` command. */
import { writtenOut } from './output.ts';
import { runForeshard } from './program.ts';

// a reader that has seen enough (head, less) ends the output, not the command
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

process.exitCode = await runForeshard(process.argv);
await writtenOut();
// what a command has broken off (a start that was ended half-way) may still have timers and connections
process.exit();
