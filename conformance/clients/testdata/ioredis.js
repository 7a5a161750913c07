// ioredis against HOST:PORT with PASSWORD. Prints "ok <check>" lines.
const Redis = require('ioredis');

const options = {
  host: process.env.HOST,
  port: +process.env.PORT,
  username: 'default',
  password: process.env.PASSWORD,
  connectionName: 'suite',
  retryStrategy: () => 50,
};
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
function check(name, good) {
  if (!good) {
    console.log('FAILED', name);
    process.exit(1);
  }
  console.log('ok', name);
}
const connect = () => {
  const c = new Redis(options);
  c.on('error', () => {}); // lost connections are part of the test
  return c;
};

(async () => {
  const c = connect();
  await c.flushall();
  check('auth and name', (await c.ping()) === 'PONG' && (await c.client('GETNAME')) === 'suite');
  const p = c.pipeline();
  for (let i = 0; i < 500; i++) p.set(`p:${i}`, i);
  check('pipeline', (await p.exec()).every(([e, r]) => e === null && r === 'OK'));
  const seen = new Set();
  for await (const keys of c.scanStream({ match: 'p:*', count: 50 })) keys.forEach((k) => seen.add(k));
  check('scan', seen.size === 500);
  check('transaction', JSON.stringify(await c.multi().set('n', 1).incr('n').exec()) === '[[null,"OK"],[null,2]]');
  const other = connect();
  await c.watch('n');
  await other.set('n', 5);
  check('watch', (await c.multi().set('n', 9).exec()) === null && (await c.get('n')) === '5');
  const blocked = connect();
  const popped = blocked.blpop('q', 5);
  await sleep(150);
  await c.rpush('q', 'x');
  check('blocking pop', (await popped).join() === 'q,x');

  const sub = connect();
  const got = [];
  sub.on('message', (_, m) => got.push(m));
  sub.on('pmessage', (_p, _c, m) => got.push('p' + m));
  await sub.subscribe('ch');
  await sub.psubscribe('c*');
  await c.publish('ch', 'one');
  await sleep(200);
  check('publish and subscribe', got.sort().join() === 'one,pone');
  check('kill subscriber', (await c.client('KILL', 'TYPE', 'pubsub')) === 1);
  for (let i = 0; i < 100 && (await c.pubsub('NUMSUB', 'ch'))[1] !== 1; i++) await sleep(50);
  await sleep(100);
  await c.publish('ch', 'two');
  await sleep(300);
  check('subscriptions come back', got.includes('two') && got.includes('ptwo'));
  for (const x of [sub, blocked, other, c]) x.disconnect();
})().catch((e) => {
  console.log('FAILED', e);
  process.exit(1);
});
