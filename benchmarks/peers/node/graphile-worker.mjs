// `node graphile-worker.mjs JOBS` enqueues so many; without a number, it works.
import { makeWorkerUtils, run } from "graphile-worker";
import { note } from "./first_run.mjs";

const connectionString = process.env.PEER_URL;
const AT_ONCE = 10_000;

async function enqueue(jobs) {
  const utils = await makeWorkerUtils({ connectionString });
  await utils.migrate();
  for (let start = 0; start < jobs; start += AT_ONCE) {
    const count = Math.min(AT_ONCE, jobs - start);
    await utils.addJobs(Array.from({ length: count }, () => ({ identifier: "nothing", payload: {} })));
  }
  await utils.release();
}

async function work() {
  const runner = await run({
    preset: {
      worker: {
        connectionString,
        concurrentJobs: 24,
        localQueue: { size: 5000 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    },
    taskList: { nothing: note },
  });
  await runner.promise;
}

await (process.argv[2] ? enqueue(Number(process.argv[2])) : work());
