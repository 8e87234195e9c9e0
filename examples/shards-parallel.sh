#!/bin/sh
# Mails one list with several processes at once, each its shard: GNU parallel.
#
#   examples/shards-parallel.sh N LIST TEMPLATE [OPTION of send]...
#
# Reports, states and failed rows are in ./shards, by the shard's number; the
# same command again goes on where it stopped. With --share the rates and
# sessions among the options are those of all shards together. On several
# machines: give parallel --sshlogin and --basefile, and a ./shards that all
# of them see, or gather it afterwards.
#
# Status: the worst of the shards', in the order of mailshot(1).
set -eu
if [ $# -lt 3 ]; then
    echo "usage: $0 N LIST TEMPLATE [OPTION of send]..." >&2
    exit 64
fi
shards=$1 list=$2 template=$3
shift 3
mkdir -p shards
seq "$shards" | parallel --jobs "$shards" --halt never --quote \
    --joblog shards/jobs \
    mailshot send --shard "{}/$shards" --state "shards/{}.db" \
    --report "shards/{}.csv" --failed "shards/{}.failed.csv" \
    "$@" "$list" "$template" || :

mailshot status shards/*.db
worst=0
if awk 'NR > 1 && $8 != 0 { found = 1 } END { exit !found }' shards/jobs; then
    worst=75 # killed: go on with the same command
fi
for status in 67 75 1 77 76 69 68 74 73 71 70 78 65 66 64; do
    if awk -v is="$status" 'NR > 1 && $7 == is { found = 1 }
                            END { exit !found }' shards/jobs; then
        worst=$status
    fi
done
exit "$worst"
