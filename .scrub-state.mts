import * as mod from './simulator/seed-run.ts'
