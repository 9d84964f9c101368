// A broker process for the tests: its own folder, a free port, killed at the end.
'use strict';
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

class Broker {
  static async start(...flags) {
    const broker = new Broker();
    broker.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'brooklet-node-'));
    broker.flags = flags;
    await broker.serve(0);
    return broker;
  }

  async serve(port) {
    const ready = path.join(this.folder, 'ready');
    fs.rmSync(ready, { force: true });
    const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', path.join(this.folder, 'data'),
      '--ready-file', ready, '--exit-with-parent', ...this.flags];
    this.process = spawn(process.env.BROOKLET, flags, { stdio: 'ignore' });
    this.ended = new Promise((resolve, reject) => this.process.once('exit', resolve).once('error', reject));
    await eventually('the broker to start', () => fs.existsSync(ready) && fs.readFileSync(ready, 'ascii').includes(':'));
    this.port = Number(fs.readFileSync(ready, 'ascii').trim().split(':').pop());
    this.url = `redis://127.0.0.1:${this.port}/0`;
  }

  async kill() {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  // Kills the broker and starts it again on the same port and data.
  async restart() {
    await this.kill();
    await this.serve(this.port);
  }

  async stop() {
    await this.kill();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

async function eventually(what, holds, patience = 20_000) {
  for (const deadline = Date.now() + patience; ; await sleep(5)) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited too long for ${what}`);
  }
}

// Until a client waits in a blocking call.
function blocked(client) {
  return eventually('a blocked client', async () => /blocked_clients:1\r/.test(await client.info('clients')));
}

// A list that others push to and one takes from, waiting.
class Inbox {
  items = [];
  put = (item) => { this.items.push(item); };
  async take(what = 'an item') {
    await eventually(what, () => this.items.length);
    return this.items.shift();
  }
}

module.exports = { Broker, Inbox, blocked, eventually, sleep };
