#!/usr/bin/env node
import { run } from "./program.js";

// The stack of an internal error is for whoever mends it: in the names and lines of the modules, not of the bundle.
if (process.env["NORMFOLD_DEBUG"]) process.setSourceMapsEnabled(true);
await run(process.argv.slice(2));
