// As benchmarks/first_run.py: both clocks are the system's monotonic one.
import { appendFileSync } from "node:fs";

let began = false;

export function note() {
  if (began) return;
  began = true;
  const seconds = Number(process.hrtime.bigint()) / 1e9;
  appendFileSync(process.env.BENCHMARK_BEGAN, `${seconds}\n`);
}
