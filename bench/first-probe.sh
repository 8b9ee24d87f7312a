#!/usr/bin/env bash
# Time from a fresh clone to the first answered probe: bench/first-probe.sh. Clones this repository's HEAD into a temporary
# folder, runs what the README says, and asks 127.0.0.1:7000 until a server's address comes back. Needs the ports free.
set -euo pipefail
root=$(git -C "$(dirname "${BASH_SOURCE[0]}")" rev-parse --show-toplevel)
dir=$(mktemp -d)
system=
# The whole group: npm does not hand a signal on to what it started.
trap '[ -z "$system" ] || kill -- "-$system" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
ms() { date +%s%3N; }

probe() { # prints the four bytes of the address, or nothing
  timeout 1 bash -c 'exec 3<>/dev/udp/127.0.0.1/7000; printf "\0\10\377\377\300\250\1\7" >&3; head -c 8 <&3 | od -An -tu1' 2>/dev/null |
    awk '$5 + $6 + $7 + $8 > 0 {print $5 "." $6 "." $7 "." $8}'
}

git clone -q "$root" "$dir/onedoor"
cd "$dir/onedoor"
begin=$(ms)
npm ci --no-audit --no-fund >/dev/null 2>&1
installed=$(ms)
setsid npm start -- --json >"$dir/events" 2>&1 &
system=$!
until answer=$(probe) && [ -n "$answer" ]; do
  kill -0 "$system" 2>/dev/null || { cat "$dir/events"; exit 1; }
done
answered=$(ms)
until grep -q startMs "$dir/events"; do sleep 0.1; done
start=$(sed -n 's/.*"startMs":\([0-9]*\).*/\1/p' "$dir/events" | head -n1)
figure() { # what, most in ms, measured in ms
  local verdict=ok
  [ "$3" -le "$2" ] || verdict=short
  echo "figure: $1 | <= $2 ms | $3 ms | $verdict"
}

echo "npm ci $((installed - begin)) ms, npm start to the first answered probe $((answered - installed)) ms (ready after $start ms), in all $((answered - begin)) ms; server $answer"
figure "fresh clone to the first answered probe" 60000 "$((answered - begin))"
figure "npm start until every server is given out" 3000 "$start"
