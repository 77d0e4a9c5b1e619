#!/bin/bash
# train_unattended_test.sh SOURCE_DIR NICTRAIN: the script's whole run on the CPU with a small network, twice.
set -euo pipefail
source=$1 nictrain=$2
script=$source/scripts/train-unattended
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OMP_NUM_THREADS=1

fail() {
  echo "FAILED: $1"
  exit 1
}

mkdir "$folder/pictures"
cp "$source/samples/kodim23.png" "$folder/pictures/"
cat >"$folder/small.conf" <<'END'
patch = 64
batch = 2
log_steps = 1
analysis_width = 16
synthesis_width = 16
inner_width = 16
latents = 24
hyper_latents = 4
hyper_width = 8
features = 16
levels = 4
analysis_blocks8 = 1
analysis_blocks16 = 1
synthesis_blocks8 = 1
synthesis_blocks16 = 1
passes = 4
linear = yes
overlap = 4
precision = bf16
END

run() {
  "$script" --config "$folder/small.conf" --data "$folder/pictures" --output "$folder/out" --nictrain "$nictrain" \
    --device cpu --threads 1 "$@"
}

run --validation "$folder/pictures" --minutes 0.5 --schedule 0.7 >"$folder/first.txt" || fail "the first run"
for name in average.safetensors curve.txt settings.conf run/log.csv; do
  [ -e "$folder/out/$name" ] || fail "no $name"
done
[ "$(grep -c , "$folder/out/curve.txt")" -eq 5 ] || fail "curve.txt holds no four points"
first=$(ls "$folder/out/run" | grep '^step-' | tail -n 1)

run --validation "$folder/pictures" --minutes 3 --schedule 0.7 >"$folder/second.txt" || fail "the second run"
second=$(ls "$folder/out/run" | grep '^step-' | tail -n 1)
[[ $second > $first ]] || fail "the second run did not go on from $first: $second"
[ -n "$(ls "$folder/out/run/samples")" ] || fail "no sample"
[ "$(grep -c '^step,' "$folder/out/run/log.csv")" -eq 1 ] || fail "log.csv begins anew"

expect() {
  local wanted=$1 status=0
  shift
  "$@" >"$folder/output.txt" 2>&1 || status=$?
  [ "$status" -eq "$wanted" ] || fail "exit status $status instead of $wanted: $*"
  grep -q '^train-unattended: ' "$folder/output.txt" || fail "no message: $*"
}
expect 2 "$script" --config "$folder/small.conf"
expect 2 run --colour blue
expect 2 run --minutes many
expect 1 run --init "$folder/absent"
expect 1 "$script" --config "$folder/small.conf" --data "$folder/absent" --output "$folder/out2"
mkdir "$folder/empty"
expect 1 "$script" --config "$folder/small.conf" --data "$folder/empty" --output "$folder/out3" --nictrain "$nictrain" \
  --device cpu
echo passed
