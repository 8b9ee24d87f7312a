#!/bin/sh
# A load adapter of your own: the agent runs it twice a second as `players.sh IP PORT`, without any environment but PATH,
# and wants one line of JSON within a second. This one serves a game that writes the names of its players, one a line, into
# a file beside it: <its folder>/players-PORT.txt
#
#   npm run agent -- --app arena --game 127.0.0.1:27015 --address 127.0.0.1 --capacity 16 \
#     --identity op:one --registry http://127.0.0.1:8000 --load "command:$PWD/examples/custom-load/players.sh"
#
# `capacity` may be left out; then --capacity counts. Exit with anything but 0 if the game is dead: nobody is sent to it.
set -eu
file="$(dirname "$0")/players-$2.txt"
test -r "$file"
printf '{"sessions": %d, "participants": [%s]}\n' "$(grep -c . "$file" || true)" \
  "$(sed -n 's/["\\]//g; s/.\{1,\}/"&"/p' "$file" | paste -s -d , -)"
