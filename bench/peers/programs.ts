/** Programs of others that do a door's job, each at its best setting on one core: see docs/BENCHMARKS.md. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Peer {
  readonly name: string;
  readonly kind: 'sip' | 'stun' | 'dns' | 'http';
  readonly port: number;
  readonly command: readonly string[];
  /** Its configuration as it is printed: by file or flags. */
  readonly settings: string;
  /** What the printed command installs, if the program is not there. */
  readonly missing?: string;
}

const ADDRESSES = 100;
/** Weighted pools of gdnsd have at most so many. */
const GDNSD_ADDRESSES = 64;

const addresses = (count: number): string[] => Array.from({ length: count }, (_, n) => `198.51.100.${n + 1}`);

function missing(program: string, pack: string): { readonly missing?: string } {
  const isThere = ['/usr/sbin', '/usr/bin', '/sbin', '/usr/local/bin'].some((dir) => existsSync(join(dir, program)));
  return isThere ? {} : { missing: `apt-get install --no-install-recommends ${pack}` };
}

/** Writes every peer's configuration under `dir`; ports from `port` on. */
export function peerPrograms(dir: string, port: number): readonly Peer[] {
  chmodSync(dir, 0o755);
  return [kamailio(dir, port), coturn(port + 1), gdnsd(dir, port + 2), nginx(dir, port + 3)];
}

function kamailio(dir: string, port: number): Peer {
  const list = join(dir, 'dispatcher.list');
  const file = join(dir, 'kamailio.cfg');
  mkdirSync(join(dir, 'kamailio'));
  const machine = execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim();
  const settings = `#!KAMAILIO
debug=-1
log_stderror=yes
children=1
auto_aliases=no
listen=udp:127.0.0.1:${port}
disable_tcp=yes
mpath="/usr/lib/${machine}-linux-gnu/kamailio/modules/"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "kex.so"
loadmodule "textops.so"
loadmodule "dispatcher.so"
modparam("dispatcher", "list_file", "${list}")
request_route {
  if (!ds_select_dst("1", "4")) { sl_send_reply("480", "No server"); exit; }
  append_to_reply("Contact: <$du>\\r\\n");
  sl_send_reply("302", "Moved Temporarily");
}
`;
  writeFileSync(file, settings);
  writeFileSync(
    list,
    addresses(ADDRESSES)
      .map((address) => `1 sip:${address}:5060\n`)
      .join(''),
  );
  const command = ['kamailio', '-DD', '-E', '-f', file, '-Y', join(dir, 'kamailio')];
  return { name: 'Kamailio 302', kind: 'sip', port, command, settings, ...missing('kamailio', 'kamailio') };
}

function coturn(port: number): Peer {
  const flags = `-n -L 127.0.0.1 -E 127.0.0.1 -p ${port} -m 1 --no-tls --no-dtls --no-tcp --no-auth --no-cli --no-rfc5780`;
  const quiet = '--no-stun-backward-compatibility --log-file /dev/null --simple-log';
  const settings = `${flags} ${quiet} --alternate-server=198.51.100.1:3478 ... .${ADDRESSES}:3478`;
  const alternates = addresses(ADDRESSES).map((address) => `--alternate-server=${address}:3478`);
  const command = ['turnserver', ...flags.split(' '), ...quiet.split(' '), ...alternates];
  return { name: 'coturn 300', kind: 'stun', port, command, settings, ...missing('turnserver', 'coturn') };
}

function gdnsd(dir: string, port: number): Peer {
  const [own, run, state] = ['gdnsd', 'gdnsd-run', 'gdnsd-state'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [join(own, 'zones'), run, state]) mkdirSync(folder, { recursive: true });
  const services = addresses(GDNSD_ADDRESSES).map((address, n) => `  s${n} = [ ${address}, 10 ]`);
  const options = `listen = 127.0.0.1:${port}, udp_threads = 1, tcp_threads = 1, run_dir = ${run}, state_dir = ${state}`;
  const pool = `pool => { service_types = up, multi = false\n${services.join('\n')}\n}`;
  const settings = `options => { ${options} }\nplugins => { weighted => { ${pool} } }\n`;
  const zone =
    '@ SOA ns1 hostmaster ( 1 7200 1800 259200 900 )\n@ NS ns1\nns1 A 192.0.2.1\nwww 60 DYNA weighted!pool\n';
  writeFileSync(join(own, 'config'), settings);
  writeFileSync(join(own, 'zones/test.lan'), zone);
  const command = ['gdnsd', '-c', own, 'start'];
  return { name: 'gdnsd A', kind: 'dns', port, command, settings: settings + zone, ...missing('gdnsd', 'gdnsd') };
}

function nginx(dir: string, port: number): Peer {
  const file = join(dir, 'nginx.conf');
  const share = addresses(ADDRESSES - 1).map((address) => `1% ${address};`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${dir}/${name};`,
  );
  const settings = `daemon off; worker_processes 1; error_log /dev/null crit; pid ${dir}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000000; ${temporary.join(' ')}
  split_clients $request_id $server_chosen { ${share.join(' ')} * 198.51.100.${ADDRESSES}; }
  server { listen 127.0.0.1:${port}; location / { return 302 http://$server_chosen/; } }
}
`;
  writeFileSync(file, settings);
  const command = ['nginx', '-p', `${dir}/`, '-c', file];
  return { name: 'nginx 302', kind: 'http', port, command, settings, ...missing('nginx', 'nginx-light') };
}
