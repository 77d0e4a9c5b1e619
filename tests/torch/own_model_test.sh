#!/bin/bash
# own_model_test.sh SOURCE_DIR BIN_DIR: docs/models.md with a small network, from a training to files.
set -euo pipefail
source=$1 bin=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OMP_NUM_THREADS=1
cd "$folder"

fail() {
  echo "FAILED: $1"
  exit 1
}

mkdir photos
cp "$source/samples/kodim23.png" photos/
cat >small.conf <<'END_OF_FILE'
model = tiny
patch = 64
batch = 2
steps = 3
warmup = 1
analysis_width = 16
synthesis_width = 16
inner_width = 16
latents = 24
hyper_latents = 4
hyper_width = 8
features = 16
levels = 3
analysis_blocks8 = 1
analysis_blocks16 = 1
synthesis_blocks8 = 1
synthesis_blocks16 = 1
linear = yes
END_OF_FILE
"$bin/nictrain" train small.conf --data photos --output training --threads 1
sed 's/^steps = 3/steps = 2/; $a quantise = yes\nrate = 1e-5' small.conf >last.conf
"$bin/nictrain" halve training start.safetensors
"$bin/nictrain" train last.conf --init start.safetensors --data photos --output last --threads 1

export_as() { "$bin/nictrain" export --checkpoint last --data photos --output my.nicm --threads 1 "$@"; }
export_as --model my-model 2>error.txt && fail "a model of a new name without a number was exported"
grep -q -e --id error.txt || fail "the message does not ask for --id"
export_as --model my-model --id 999 2>/dev/null && fail "a number that is not free was taken"
export_as --model nic-main --id 2000 2>/dev/null && fail "nic-main took another number"
[ ! -e my.nicm ] || fail "a package was left behind"
export_as --model my-model --id 41234 --version 3

"$bin/nictrain" verify --package my.nicm --checkpoint last --data photos --threads 1 >verified.csv
grep -q '^BD-rate of integers and real bytes against the float estimate: ' verified.csv || fail "no BD-rate"
for level in 0 1 2; do
  "$bin/nicenc" -e 2 --gain-level $level --model my.nicm photos/kodim23.png level.nic
  awk -F, -v level=$level -v bytes="$(stat -c %s level.nic)" '
    $1 == level && NF == 7 { error = $4 * 768 * 512 / 8 - bytes; found = error < 3 && error > -3 }
    END { exit !found }' verified.csv || fail "verify has other bytes than nicenc at level $level"
done
sed 's/^levels = 3/levels = 4/' small.conf >other.conf
"$bin/nictrain" train other.conf --data photos --output other --threads 1
"$bin/nictrain" verify --package my.nicm --checkpoint other --data photos --threads 1 2>error.txt &&
  fail "verified against another network"
grep -q 'levels: the package has 3, the checkpoint 4' error.txt || fail "the message does not name the levels"

"$bin/nicenc" -q 50 --model my.nicm photos/kodim23.png photo.nic
"$bin/nicinfo" photo.nic | grep -q 41234 || fail "the file does not name model 41234"
"$bin/nicdec" photo.nic photo.png 2>error.txt && fail "decoded without the model"
grep -q 41234 error.txt || fail "the message does not name the missing model"
"$bin/nicdec" --model my.nicm photo.nic photo.png
[ -s photo.png ] || fail "no picture"

"$bin/nictrain" deblock my.nicm photos --output better.nicm >deblocked.csv 2>said.txt
[ ! -s said.txt ] || fail "progress is shown where there is no terminal"
awk -F, 'NF == 5 && $1 ~ /^[0-9]+$/ { levels += $3 >= $2 } END { exit levels != 3 }' deblocked.csv ||
  fail "deblocking does not help the picture that it was fitted to"
"$bin/nictrain" preview better.nicm photos --output better.nicm --threads 1 >previewed.csv
"$bin/nicenc" -q 50 --model better.nicm photos/kodim23.png better.nic
"$bin/nicdec" --model better.nicm --scale 1/8 better.nic small.png
"$bin/nicdec" --model better.nicm better.nic better.png
cmp -s photo.png better.png && fail "the filters change nothing"
"$bin/nicdec" --model my.nicm better.nic other.png 2>error.txt && fail "decoded without the filters"
[ ! -e other.png ] || fail "a picture was left behind"
"$bin/nictrain" deblock absent.nicm photos --output x.nicm 2>error.txt && fail "a package that is not there"
grep -q absent.nicm error.txt || fail "the message does not name the package"
echo passed
