#!/usr/bin/env node
// Needs the Node release that package.json pins; `npm run -s sigillo` always finds that one.
import '../src/app/main.ts';
