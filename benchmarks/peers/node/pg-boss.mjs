// `node pg-boss.mjs JOBS` enqueues so many; without a number, it works.
import { PgBoss } from "pg-boss";
import { note } from "./first_run.mjs";

const QUEUE = "nothing";
const AT_ONCE = 10_000;
const boss = new PgBoss(process.env.PEER_URL);
boss.on("error", console.error);
await boss.start();

async function enqueue(jobs) {
  await boss.createQueue(QUEUE);
  for (let start = 0; start < jobs; start += AT_ONCE) {
    const count = Math.min(AT_ONCE, jobs - start);
    await boss.insert(QUEUE, Array.from({ length: count }, () => ({})));
  }
  await boss.stop();
}

async function work() {
  const options = { batchSize: 1000, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
  await boss.work(QUEUE, options, async () => note());
  process.once("SIGTERM", () => boss.stop().then(() => process.exit(0)));
}

await (process.argv[2] ? enqueue(Number(process.argv[2])) : work());
