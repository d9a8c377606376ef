// Powertools for AWS Lambda (TypeScript): a handler in `makeIdempotent`, with the cache layer.
//
// `README.md`, one folder up, has the lines of standard input.

import { appendFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { CachePersistenceLayer } from '@aws-lambda-powertools/idempotency/cache';
import { createClient } from '@redis/client';
import type { Context } from 'aws-lambda';

const LEASE_MS = 2_000;
const AGAIN_MS = 50;
const PATIENCE_MS = 20_000;

type Event = { order: string; body: number | null };

const [url, folder] = process.argv.slice(2);
const client = await createClient({ url }).connect();
let receipts = 0;
let orders = 0;

// What Lambda tells a handler: the claim lasts for as long as the invocation may.
const context = { getRemainingTimeInMillis: () => LEASE_MS } as Context;

const charge = makeIdempotent(
  async (event: Event, _context: Context): Promise<string> => {
    const receipt = `${process.pid}-${receipts++}`;
    if (event.body !== null) {
      appendFileSync(`${folder}/ledger`, `${event.order} ${receipt}\n`);
      say(`running ${event.order}`);
      await sleep(event.body);
    }
    return receipt;
  },
  {
    persistenceStore: new CachePersistenceLayer({ client }),
    config: new IdempotencyConfig({ eventKeyJmesPath: 'order', expiresAfterSeconds: 24 * 60 * 60 }),
  },
);

// Asks until there is an answer.
async function ask(order: string, body: number): Promise<void> {
  const begun = performance.now();
  let faults = 0;
  for (let asks = 1; ; asks++) {
    try {
      const receipt = await charge({ order, body }, context);
      return say(`told ${order} ${receipt} ${asks} ${faults}`);
    } catch (error) {
      if ((error as Error).name !== 'IdempotencyAlreadyInProgressError') {
        faults += 1;
        console.error(`${order}: ${error}`);
      }
    }
    if (performance.now() - begun > PATIENCE_MS) return say(`lost ${order} ${asks} ${faults}`);
    await sleep(AGAIN_MS);
  }
}

// Counts the calls of callers that call one after the other.
async function measure(kind: string, callers: number, ms: number): Promise<void> {
  const call = (order: string) => charge({ order, body: null }, context);
  const fresh = () => `speed-${orders++}`;
  const repeated = kind === 'duplicate' ? Array.from({ length: callers }, fresh) : undefined;
  for (const order of repeated ?? []) await call(order);
  const begun = performance.now();
  let calls = 0;
  const caller = async (_: unknown, index: number) => {
    for (; performance.now() - begun < ms; calls++) await call(repeated?.[index] ?? fresh());
  };
  await Promise.all(Array.from({ length: callers }, caller));
  say(`calls ${calls} ${Math.round(performance.now() - begun)}`);
}

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

say('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [what, ...words] = line.split(' ');
  if (what === 'call') void ask(words[0], Number(words[1]));
  else if (what === 'speed') await measure(words[0], Number(words[1]), Number(words[2]));
  else throw new Error(`no such line: ${line}`);
}
process.exit();
