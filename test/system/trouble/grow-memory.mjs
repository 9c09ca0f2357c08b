// Grows by so many MB a second, touching what it takes, until the limit, and then holds it.
const [rate, limit] = process.argv.slice(2).map(Number);
const held = [];
const timer = setInterval(() => {
  held.push(Buffer.alloc((rate / 4) * 1024 * 1024, held.length % 255));
  if ((held.length * rate) / 4 >= limit) clearInterval(timer);
}, 250);
setTimeout(() => process.exit(0), 180_000);
