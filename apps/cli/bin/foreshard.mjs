#!/usr/bin/env node
/** The `foreshard` command (npx foreshard ...): on whatever Node this is, the bootstrap finds the right one. */
import '../../../bootstrap.mjs';
