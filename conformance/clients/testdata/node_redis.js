// node-redis against HOST:PORT with PASSWORD. Prints "ok <check>" lines.
const { createClient, commandOptions, WatchError } = require('redis');

const url = `redis://default:${process.env.PASSWORD}@${process.env.HOST}:${process.env.PORT}`;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
function check(name, good) {
  if (!good) {
    console.log('FAILED', name);
    process.exit(1);
  }
  console.log('ok', name);
}
const connect = async (options) => {
  const c = createClient({ url, ...options });
  c.on('error', () => {}); // lost connections are part of the test
  await c.connect();
  return c;
};

(async () => {
  const c = await connect({ name: 'suite' });
  await c.flushAll();
  check('auth and name', (await c.ping()) === 'PONG' && (await c.clientGetName()) === 'suite');
  const sets = [];
  for (let i = 0; i < 500; i++) sets.push(c.set(`p:${i}`, `${i}`));
  check('pipeline', (await Promise.all(sets)).every((r) => r === 'OK'));
  const seen = new Set();
  for await (const key of c.scanIterator({ MATCH: 'p:*', COUNT: 50 })) seen.add(key);
  check('scan', seen.size === 500);
  check('transaction', JSON.stringify(await c.multi().set('n', '1').incr('n').exec()) === '["OK",2]');
  const aborted = await c.executeIsolated(async (own) => {
    await own.watch('n');
    await c.set('n', '5');
    try {
      await own.multi().set('n', '9').exec();
    } catch (e) {
      return e instanceof WatchError;
    }
    return false;
  });
  check('watch', aborted && (await c.get('n')) === '5');
  const popped = c.blPop(commandOptions({ isolated: true }), 'q', 5);
  await sleep(100);
  await c.rPush('q', 'x');
  check('blocking pop', (await popped).element === 'x');

  const sub = await connect({ socket: { reconnectStrategy: () => 50 } });
  const got = [];
  await sub.subscribe('ch', (m) => got.push(m));
  await sub.pSubscribe('c*', (m) => got.push('p' + m));
  await c.publish('ch', 'one');
  await sleep(200);
  check('publish and subscribe', got.sort().join() === 'one,pone');
  check('kill subscriber', (await c.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])) === 1);
  for (let i = 0; i < 100 && (await c.pubSubNumSub('ch')).ch !== 1; i++) await sleep(50);
  await sleep(100);
  await c.publish('ch', 'two');
  await sleep(300);
  check('subscriptions come back', got.includes('two') && got.includes('ptwo'));
  await sub.quit();
  await c.quit();
})().catch((e) => {
  console.log('FAILED', e);
  process.exit(1);
});
